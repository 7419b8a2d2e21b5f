import './health.css'
import { useSignal } from '@preact/signals'
import { type ApiError, post } from '../../api/client.ts'
import { session } from '../../api/session.ts'
import type { HealthAnswer, HealthCheck } from '../../api/types.ts'
import { Timeline } from '../../charts/timeline.tsx'
import { Card } from '../../components/card.tsx'
import { ChangeButton } from '../../components/change-button.tsx'
import { Icon } from '../../components/icon.tsx'
import { Answered, Empty } from '../../components/notices.tsx'
import { Status } from '../../components/status.tsx'
import { Table } from '../../components/table.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { selectedStore } from '../../data/stores.ts'
import { timeRange } from '../../data/time-range.ts'
import { putAnswer, useAnswer } from '../../data/use-answer.ts'
import { formatDuration } from '../../format/durations.ts'
import { formatValue } from '../../format/units.ts'
import { timelineEvents } from '../../live/stream.ts'
import { linkTo, parameter, setParameters } from '../../router.ts'
import { arrangeChecks, checkId, checkName } from './arrange-checks.ts'
import { ProblemCard } from './check-card.tsx'
import { healthLanes, mergeChanges } from './health-lanes.ts'
import { unitOfObserved } from './value-bound.tsx'

/** What is wrong and what to do, root causes first, and how the checks were before. */
export function HealthView() {
  const answer = useAnswer('api/v1/health')
  return (
    <Answered answer={answer} what="the health checks" height={420}>
      {(health) => <Report health={health} />}
    </Answered>
  )
}

function Report({ health }: { readonly health: HealthAnswer }) {
  const selected = selectedStore.value
  const chosen = parameter('health', 'check')
  // Without access to details, there is only the status.
  const all = health.checks ?? []
  const checks = selected === undefined ? all : all.filter(({ store }) => store === undefined || store === selected)
  const { problems, healthy, waiting } = arrangeChecks(checks)
  const failing = checks.length - healthy.length - waiting.length
  return (
    <>
      <header class="health-head">
        <Status status={health.status} />
        <p>{describe(health, checks.length, failing, waiting.length)}</p>
        {chosen !== undefined && !checks.some((check) => checkId(check) === chosen) && (
          <p class="muted">There is no check {chosen} now.</p>
        )}
        <span class="toolbar-space" />
        <RunButton />
      </header>
      {problems.map((problem) => (
        <ProblemCard key={checkId(problem.root)} problem={problem} chosen={chosen} />
      ))}
      {problems.length === 0 && checks.length > 0 && (
        <div class="card all-well">
          <Status
            status={waiting.length === checks.length ? 'unknown' : 'healthy'}
            word={waiting.length === checks.length ? 'No check has run yet' : 'No problem found'}
          />
        </div>
      )}
      <StatusHistory health={health} checks={checks} />
      {waiting.length > 0 && <CheckList title="Not known yet" checks={waiting} isOpen />}
      {healthy.length > 0 && (
        <CheckList
          title={`${healthy.length} healthy ${healthy.length === 1 ? 'check' : 'checks'}`}
          checks={healthy}
          isOpen={healthy.some((check) => checkId(check) === chosen)}
        />
      )}
    </>
  )
}

function describe({ phase, checks }: HealthAnswer, count: number, failing: number, waiting: number): string {
  if (phase === 'off') return 'Health checks are off: set enableHealthChecks: true to turn them on.'
  if (checks === undefined) return 'The monitor answers only with the status, because details need the token.'
  if (phase === 'starting') return 'The monitoring is starting: not all checks have run.'
  if (phase === 'stopping') return 'The process is stopping.'
  const text =
    failing === 0
      ? `All ${count - waiting} checks are healthy.`
      : `${failing} of ${count} checks ${failing === 1 ? 'is' : 'are'} not healthy.`
  return waiting === 0 ? text : `${text} ${waiting} ${waiting === 1 ? 'has' : 'have'} not run.`
}

/** Runs all checks, for those who may change something: it costs the stores a probe each. */
function RunButton() {
  const isRunning = useSignal(false)
  const error = useSignal<ApiError | undefined>(undefined)
  const run = async (): Promise<void> => {
    isRunning.value = true
    const result = await post('api/v1/health/run')
    isRunning.value = false
    error.value = result.ok ? undefined : result.error
    if (result.ok) putAnswer('api/v1/health', result.value)
  }
  return (
    <>
      {error.value !== undefined && (
        <span class="run-error" role="alert">
          The checks did not run: {error.value.message}
        </span>
      )}
      <ChangeButton isBusy={isRunning.value} title="Run all checks, instead of waiting for their turn" onClick={() => void run()}>
        <Icon name="play" />
        {isRunning.value ? 'Running' : 'Run all checks now'}
      </ChangeButton>
    </>
  )
}

function StatusHistory({
  health: { changes = [] },
  checks,
}: {
  readonly health: HealthAnswer
  readonly checks: readonly HealthCheck[]
}) {
  const { startMs, endMs } = timeRange.value
  const merged = mergeChanges(changes, timelineEvents.value)
  const knownSinceMs = session.value?.startedAtMs ?? merged[0]?.timeMs ?? startMs
  const lanes = healthLanes(checks, merged, { startMs, endMs, knownSinceMs })
  return (
    <Card
      title="History"
      subtitle="Of the checks that were not healthy at some time in this range. The worse, the higher."
      isWide
    >
      <Timeline
        label="Statuses of the health checks"
        lanes={lanes.map((lane) => ({ ...lane, href: linkTo('health', { check: lane.key }) }))}
        startMs={startMs}
        endMs={endMs}
        empty="All checks were healthy in this range, as far as it is known."
      />
    </Card>
  )
}

function CheckList({
  title,
  checks,
  isOpen,
}: {
  readonly title: string
  readonly checks: readonly HealthCheck[]
  readonly isOpen: boolean
}) {
  const chosen = parameter('health', 'check')
  return (
    <details class="card check-list" open={isOpen}>
      <summary>{title}</summary>
      {checks.length === 0 ? (
        <Empty>None.</Empty>
      ) : (
        <Table
          caption={title}
          rows={checks}
          rowKey={checkId}
          isSelected={(check) => checkId(check) === chosen}
          onRowClick={(check) => setParameters('health', { check: checkId(check) }, 'replace')}
          defaultSort="check"
          columns={[
            {
              key: 'status',
              title: 'Status',
              render: ({ status }) => <Status status={status} />,
            },
            {
              key: 'check',
              title: 'Check',
              isRowHeader: true,
              sortBy: ({ name }) => name,
              render: ({ name }) => checkName(name),
            },
            { key: 'store', title: 'Store', sortBy: ({ store }) => store, render: ({ store }) => store },
            { key: 'message', title: 'Result', render: ({ message }) => message },
            { key: 'value', title: 'Observed', render: ({ observed }) => <Observed observed={observed} /> },
            {
              key: 'duration',
              title: 'Took',
              isNumeric: true,
              sortBy: ({ durationSeconds }) => durationSeconds,
              render: ({ durationSeconds }) => durationSeconds !== undefined && formatDuration(durationSeconds),
            },
            {
              key: 'last',
              title: 'Last run',
              sortBy: ({ lastCheckMs }) => lastCheckMs,
              render: ({ lastCheckMs }) => lastCheckMs !== undefined && <TimeText timeMs={lastCheckMs} />,
            },
          ]}
        />
      )}
    </details>
  )
}

function Observed({ observed }: { readonly observed: HealthCheck['observed'] }) {
  if (observed?.value === undefined) return null
  const { name, value, bound } = observed
  const shownUnit = unitOfObserved(observed)
  return (
    <>
      {name}: {formatValue(value, shownUnit)}
      {bound !== undefined && <span class="muted"> (bound {formatValue(bound, shownUnit)})</span>}
    </>
  )
}
