import './engine.css'
import type { StoreState } from '../../api/types.ts'
import { Answered, Empty, ErrorNotice, Skeleton } from '../../components/notices.tsx'
import { Stat } from '../../components/stat.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { selectedStore, useStores } from '../../data/stores.ts'
import { nowMs, timeRange } from '../../data/time-range.ts'
import { useInstant } from '../../data/use-instant.ts'
import { engineName } from '../../format/names.ts'
import { formatValue } from '../../format/units.ts'
import { timelineEvents } from '../../live/stream.ts'
import { BackgroundTimeline } from './background-timeline.tsx'
import { selectBackgroundWork } from './background-work.ts'
import { EngineCharts } from './engine-charts.tsx'
import { engineFacts, growthMetrics, stateMetrics } from './engine-facts.ts'
import { EngineTable } from './engine-table.tsx'
import { LsmTree } from './lsm-tree.tsx'
import { FilesCard, MapCard, ReadersCard, VolumeCard, WalCard } from './storage-cards.tsx'

/** The engine of a store: its tree or its pages, what it does in the background, and what it uses. */
export function EngineView() {
  const answer = useStores()
  const selected = selectedStore.value
  return (
    <Answered answer={answer} what="the stores" height={420}>
      {({ stores }) => {
        if (selected === undefined) return <EngineTable stores={stores} />
        const store = stores.find((one) => one.store === selected)
        if (store === undefined) return <Empty>No store is named {selected} now. Choose another one at the top.</Empty>
        return <Engine key={selected} store={store} />
      }}
    </Answered>
  )
}

/** A query may have this many metrics. */
const maxMetrics = 24

function Engine({ store: { store, engine, engineVersion, adapter, state, metrics } }: { readonly store: StoreState }) {
  const labels = { store }
  const known = stateMetrics.filter((metric) => metrics.includes(metric))
  const first = useInstant(known.length === 0 ? undefined : { metric: known.slice(0, maxMetrics), labels })
  const second = useInstant(known.length <= maxMetrics ? undefined : { metric: known.slice(maxMetrics), labels })
  const growing = growthMetrics.filter((metric) => metrics.includes(metric))
  const growth = useInstant(
    growing.length === 0 ? undefined : { metric: growing, function: 'increase', labels, by: ['__name__'] },
  )
  const { startMs, endMs } = timeRange.value
  // The end of a range that moves is the last whole step: what happened since is shown too.
  const untilMs = first.atMs ?? Math.max(endMs, nowMs.value)
  const works = selectBackgroundWork(timelineEvents.value, store, startMs, untilMs)
  if (known.length === 0) return <Empty>{describeNothing(state, engine)}</Empty>
  const series = [...(first.value?.series ?? []), ...(second.value?.series ?? [])]
  const facts = engineFacts(series, growth.value?.series ?? [], engine)
  const isLsm = known.includes('db_level_files')
  return (
    <>
      <header class="engine-head">
        <h2>{store}</h2>
        <p class="muted">
          {engine !== undefined && `${engineName(engine)}${engineVersion === undefined ? '' : ` ${engineVersion}`}`}
          {adapter !== undefined && adapter !== engine && `, measured through ${adapter}`}
          {state !== 'open' && `, ${state}`}
        </p>
        {first.atMs !== undefined && (
          <p class="engine-time">
            Numbers of <TimeText timeMs={first.atMs} as="clock" />
          </p>
        )}
      </header>
      {first.error !== undefined && <ErrorNotice error={first.error} what="the state of the engine" onRetry={first.reload} />}
      {first.value === undefined && first.error === undefined ? (
        <Skeleton height={320} />
      ) : (
        <>
          <div class="card engine-facts">
            {facts.map(({ label, value, unit, description, isBad }) => (
              <div key={label} class={isBad ? 'engine-fact-bad' : ''} title={description}>
                <Stat label={label} value={formatValue(value, unit)} />
              </div>
            ))}
          </div>
          {isLsm && <LsmTree state={series} engine={engine} works={works} nowMs={untilMs} isPast={first.atMs !== undefined} />}
          {isLsm && <BackgroundTimeline works={works} startMs={startMs} endMs={endMs} />}
          <div class="storage-cards">
            <MapCard state={series} />
            <ReadersCard state={series} />
            <WalCard state={series} />
            <FilesCard state={series} />
            <VolumeCard state={series} store={store} />
          </div>
        </>
      )}
      <EngineCharts store={store} engine={engine} metrics={metrics} />
    </>
  )
}

function describeNothing(state: StoreState['state'], engine: string | undefined): string {
  if (state === 'closed') return 'The store is closed, and nothing of its engine was recorded in the last minutes.'
  const name = engine === undefined ? 'The engine of this store' : engineName(engine)
  return `${name} tells nothing about itself. Its operations are measured: see Operations.`
}
