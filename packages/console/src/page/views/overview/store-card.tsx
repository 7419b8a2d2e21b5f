import type { StoreState } from '../../api/types.ts'
import { Sparkline } from '../../charts/sparkline.tsx'
import { Status } from '../../components/status.tsx'
import { useVisible } from '../../components/use-visible.ts'
import { formatBytes } from '../../format/bytes.ts'
import { formatDuration } from '../../format/durations.ts'
import { engineName } from '../../format/names.ts'
import { formatRate, formatShare } from '../../format/numbers.ts'
import { linkTo } from '../../router.ts'
import { type StoreTrends, useStoreTrends } from './store-trends.ts'

/** From when on the oldest operation in flight is worth a word. */
const longOperationSeconds = 1

/** One store. Off the screen it is an empty card of the same size, with the name for the search of the browser. */
export function StoreCard({ store }: { readonly store: StoreState }) {
  const [element, isVisible] = useVisible<HTMLElement>()
  return (
    <article ref={element} class="card store-card">
      <header class="card-header">
        <div>
          <h3>
            <a href={linkTo('operations', { store: store.store })}>{store.store}</a>
          </h3>
          {isVisible && <p class="muted">{describeStore(store)}</p>}
        </div>
        {isVisible && <Health store={store} />}
      </header>
      {isVisible && <Trends store={store} />}
    </article>
  )
}

function describeStore({ engine, engineVersion, sizeBytes, state }: StoreState): string {
  const parts = [
    engine === undefined ? undefined : `${engineName(engine)}${engineVersion === undefined ? '' : ` ${engineVersion}`}`,
    sizeBytes === undefined ? undefined : formatBytes(sizeBytes),
    state === 'open' ? undefined : state,
  ]
  return parts.filter((part) => part !== undefined).join(' · ')
}

function Health({ store: { store, health, firing, pending, state } }: { readonly store: StoreState }) {
  if (state === 'closed') return <Status status="unknown" word="closed" isBadge />
  return (
    <div class="store-states">
      {firing > 0 && (
        <a class="count count-critical" href={linkTo('alerts', { store })}>
          {firing} {firing === 1 ? 'alert' : 'alerts'}
        </a>
      )}
      {firing === 0 && pending > 0 && (
        <a class="count" href={linkTo('alerts', { store })}>
          {pending} pending
        </a>
      )}
      <a href={linkTo('health', { store })}>
        <Status status={health} isBadge />
      </a>
    </div>
  )
}

function Trends({ store }: { readonly store: StoreState }) {
  const trends = useStoreTrends(store.store, true)
  const { operationsPerSecond, p99Seconds, errorShare, oldestOperationSeconds, queueDepth } = store
  const isStuck = oldestOperationSeconds !== undefined && oldestOperationSeconds >= longOperationSeconds
  return (
    <>
      <div class="trends">
        {operationsPerSecond !== undefined && (
          <Trend
            label="Operations"
            value={formatRate(operationsPerSecond)}
            unit="{operation}/s"
            points={trends.operations}
            trends={trends}
          />
        )}
        {p99Seconds !== undefined && (
          <Trend label="P99" value={formatDuration(p99Seconds)} unit="s" points={trends.p99} trends={trends} color="--series-2" />
        )}
        {errorShare !== undefined && (
          <Trend
            label="Errors"
            value={formatShare(errorShare)}
            unit="%"
            points={trends.errorShare}
            trends={trends}
            color={errorShare > 0 ? '--critical' : '--muted'}
          />
        )}
      </div>
      {operationsPerSecond === undefined && <p class="muted">No operations yet.</p>}
      {isStuck && (
        <p class="store-note">
          The oldest of {queueDepth ?? 'its'} operations in flight began {formatDuration(oldestOperationSeconds)} ago.
        </p>
      )}
    </>
  )
}

interface TrendProps {
  readonly label: string
  readonly value: string
  readonly unit: string
  readonly points: StoreTrends['operations']
  readonly trends: StoreTrends
  readonly color?: string
}

function Trend({ label, value, unit, points, trends: { startMs, endMs, stepMs }, color }: TrendProps) {
  return (
    <div class="trend">
      <div class="stat-label">{label}</div>
      <div class="trend-value">{value}</div>
      <Sparkline label={label} unit={unit} points={points} startMs={startMs} endMs={endMs} stepMs={stepMs} color={color} />
    </div>
  )
}
