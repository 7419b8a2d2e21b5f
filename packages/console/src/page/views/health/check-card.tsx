import { useEffect, useRef } from 'preact/hooks'
import type { HealthCheck } from '../../api/types.ts'
import { Sparkline } from '../../charts/sparkline.tsx'
import { RunbookSection } from '../../components/runbook-section.tsx'
import { Status } from '../../components/status.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { useRange } from '../../data/use-range.ts'
import { formatDuration } from '../../format/durations.ts'
import { formatValue } from '../../format/units.ts'
import { linkTo } from '../../router.ts'
import { checkId, checkName, type Problem } from './arrange-checks.ts'
import { ValueBound } from './value-bound.tsx'

/** A root cause with all that is known of it, and its symptoms below it. */
export function ProblemCard({
  problem: { root, symptoms },
  chosen,
}: {
  readonly problem: Problem
  readonly chosen: string | undefined
}) {
  return (
    <article class={`card health-problem health-problem-${root.status}`} aria-label={`${root.status}: ${checkId(root)}`}>
      <CheckBody check={root} isChosen={chosen === checkId(root)} />
      {symptoms.length > 0 && (
        <div class="symptoms">
          <h3 class="section-title">
            {symptoms.length === 1 ? 'A symptom of it' : `${symptoms.length} symptoms of it`}:{' '}
            {symptoms.length === 1 ? 'it goes' : 'they go'} away with the cause
          </h3>
          {symptoms.map((check) => (
            <Symptom key={checkId(check)} check={check} isChosen={chosen === checkId(check)} />
          ))}
        </div>
      )}
    </article>
  )
}

function CheckBody({ check, isChosen }: { readonly check: HealthCheck; readonly isChosen: boolean }) {
  const { message, cause, observed, nextSteps = [], status, worker } = check
  return (
    <>
      <CheckHead check={check} isChosen={isChosen} />
      <p class="health-problem-message">{message}</p>
      {cause !== undefined && (
        <p>
          <span class="muted">Cause:</span> {cause.message}
        </p>
      )}
      {worker !== undefined && <p class="muted">Found by worker {worker}.</p>}
      <div class="health-problem-columns">
        {nextSteps.length > 0 && (
          <div>
            <h3 class="section-title">Next steps</h3>
            <ol class="next-steps">
              {nextSteps.map((step) => (
                <li key={step}>{step}</li>
              ))}
            </ol>
          </div>
        )}
        {observed !== undefined && (
          <div class="health-problem-value">
            <ValueBound observed={observed} status={status} />
            <Trend check={check} />
          </div>
        )}
      </div>
      <Runbook check={check} isOpen={isChosen} />
    </>
  )
}

function CheckHead({ check, isChosen }: { readonly check: HealthCheck; readonly isChosen: boolean }) {
  const { name, store, status, sinceMs, maxStatus } = check
  const element = useRef<HTMLElement>(null)
  useEffect(() => {
    if (isChosen) element.current?.scrollIntoView({ block: 'center' })
  }, [isChosen])
  return (
    <header ref={element} class={`health-problem-head${isChosen ? ' health-problem-chosen' : ''}`}>
      <Status status={status} isBadge />
      <h2>
        {store !== undefined && <span class="health-problem-store">{store} </span>}
        {checkName(name)}
      </h2>
      <span class="muted">
        since <TimeText timeMs={sinceMs} as="clock" />, <TimeText timeMs={sinceMs} />
      </span>
      {maxStatus !== undefined && <span class="muted">counts as {maxStatus} at most</span>}
      <RelatedLinks check={check} />
    </header>
  )
}

/** Where to look further. */
function RelatedLinks({ check: { name, store } }: { readonly check: HealthCheck }) {
  if (store === undefined) return null
  return (
    <span class="health-problem-links">
      {(name === 'compaction_status' || name === 'disk_space') && <a href={linkTo('engine', { store })}>Engine</a>}
      {name === 'error_rates' && <a href={linkTo('slow-operations', { store, tab: 'errors' })}>Failed operations</a>}
      {name === 'database_connectivity' && <a href={linkTo('slow-operations', { store })}>Slow operations</a>}
      <a href={linkTo('operations', { store })}>Operations</a>
    </span>
  )
}

function Symptom({ check, isChosen }: { readonly check: HealthCheck; readonly isChosen: boolean }) {
  const { message, observed, status } = check
  return (
    <div class="symptom">
      <CheckHead check={check} isChosen={isChosen} />
      <p>{message}</p>
      {observed !== undefined && <ValueBound observed={observed} status={status} />}
      <Runbook check={check} isOpen={isChosen} />
    </div>
  )
}

/** The values over the range of the page, if the check names their series, and where they are heading. */
function Trend({ check: { observed, trend } }: { readonly check: HealthCheck }) {
  const { series, unit = '', name = '' } = observed ?? {}
  const data = useRange(series && { metric: series.metric, labels: series.labels })
  const points = data.series[0]?.points ?? []
  return (
    <>
      {points.length > 1 && (
        <Sparkline label={name} unit={unit} points={points} startMs={data.startMs} endMs={data.endMs} stepMs={data.stepMs} />
      )}
      {trend !== undefined && (
        <p class="trend-text muted">
          {trend.direction}
          {trend.perHour !== undefined &&
            trend.direction !== 'steady' &&
            ` by ${formatValue(Math.abs(trend.perHour), unit)} per hour`}
          , over {formatDuration(trend.overSeconds)}
          {trend.forecast !== undefined && <strong class="trend-forecast"> {trend.forecast}.</strong>}
        </p>
      )}
    </>
  )
}

/** The section of the runbook, which is read when it is opened. */
function Runbook({ check: { runbookUrl, name }, isOpen }: { readonly check: HealthCheck; readonly isOpen: boolean }) {
  const heading = runbookUrl?.split('#')[1]
  if (heading === undefined) return null
  return (
    <details class="runbook" open={isOpen}>
      <summary>Runbook: {checkName(name)}</summary>
      <RunbookSection heading={heading} />
    </details>
  )
}
