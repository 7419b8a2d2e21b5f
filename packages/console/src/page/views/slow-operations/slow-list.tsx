import type { SlowOperationsAnswer } from '../../api/types.ts'
import { operationColor } from '../../charts/colors.ts'
import { RangeChart } from '../../charts/range-chart.tsx'
import { Card } from '../../components/card.tsx'
import { Answered, Empty } from '../../components/notices.tsx'
import { Pager } from '../../components/pager.tsx'
import { Segments } from '../../components/tabs.tsx'
import { selectedStore } from '../../data/stores.ts'
import { rangeText } from '../../data/time-range.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { useRangeTotals } from '../../data/use-range-totals.ts'
import { formatDuration, parseParameterDuration } from '../../format/durations.ts'
import { operationName } from '../../format/names.ts'
import { formatCount, formatNumber } from '../../format/numbers.ts'
import { linkTo, parameter } from '../../router.ts'
import { OperationFilter } from './operation-filter.tsx'
import { type SlowCause, timeParts } from './slow-causes.ts'
import { chooseFilters, choosePage, chosenOffset, pageSize, slowParameters } from './slow-choice.ts'
import { SlowTable } from './slow-table.tsx'
import { SlowThresholds } from './slow-thresholds.tsx'
import { TimePartsLegend } from './time-parts.tsx'

/** The durations from which on operations can be shown. */
const minimums = ['50ms', '100ms', '500ms', '1s', '5s'] as const

/** The slow operations of the range: how many over time, each with where its time went, and what counts as slow. */
export function SlowList() {
  const parameters = slowParameters()
  const cause = parameter('slow-operations', 'cause')
  const sort = parameter('slow-operations', 'sort') === 'duration' ? 'duration' : 'time'
  const offset = chosenOffset()
  const answer = useAnswer('api/v1/slow-operations', { ...parameters, cause, sort, offset, limit: pageSize })
  return (
    <>
      <Filters />
      {answer.value?.enabled === false && <LogIsOff />}
      <RangeChart
        title="Slow operations over time"
        unit="{operation}/s"
        isWide
        isStacked
        height={120}
        query={{
          metric: 'db_slow_operations_total',
          function: 'rate',
          labels: { store: selectedStore.value, operation: parameter('slow-operations', 'operation') },
          by: ['operation'],
        }}
        derive={(all) => all.filter(({ points }) => points.some(([, value]) => value > 0))}
        name={({ labels }) => operationName(labels['operation'] ?? '')}
        color={({ labels }) => operationColor(labels['operation'] ?? '')}
        empty="No operation was slow in this range."
      />
      <Answered answer={answer} what="the slow operations" height={420}>
        {(value) => (
          <>
            <Card title="The last slow operations" subtitle={value.total > 0 && <KeptText total={value.total} />}>
              {value.total > 0 && <TimePartsLegend />}
              {value.total === 0 ? (
                <NoSlowOperation answer={value} />
              ) : (
                <SlowTable
                  rows={value.slowOperations}
                  sort={sort}
                  hasStore={selectedStore.value === undefined}
                  onSort={(next) => chooseFilters({ sort: next === 'time' ? undefined : next })}
                />
              )}
              <Pager what="slow operations" offset={offset} pageSize={pageSize} total={value.total} onChange={choosePage} />
            </Card>
            <SlowThresholds answer={value} />
          </>
        )}
      </Answered>
    </>
  )
}

/** The records are the last ones only: there may have been many more. */
function KeptText({ total }: { readonly total: number }) {
  const operation = parameter('slow-operations', 'operation')
  const query = { metric: 'db_slow_operations_total', function: 'increase', 'label.operation': operation, by: '' }
  const counted = useRangeTotals(query, selectedStore.value).value?.series[0]?.value
  const isCount = parameter('slow-operations', 'cause') === undefined && parameter('slow-operations', 'minimum') === undefined
  if (!isCount || typeof counted !== 'number' || counted < total + 1) return 'Newest or slowest first: choose Time or Duration.'
  return `${rangeText.value}, about ${formatNumber(counted)} operations were slow. Each process keeps only its last ones, here ${formatCount(total)}.`
}

function hasFilters(): boolean {
  return (['operation', 'cause', 'minimum'] as const).some((name) => parameter('slow-operations', name) !== undefined)
}

function clearFilters(): void {
  chooseFilters({ operation: undefined, cause: undefined, minimum: undefined })
}

function Filters() {
  const chosen = parameter('slow-operations', 'cause')
  const all = useCount(undefined)
  const counts = timeParts.map(({ cause }) => [cause, useCount(cause)] as const)
  return (
    <div class="toolbar">
      <Segments
        label="Cause"
        selected={chosen ?? ''}
        options={[
          { id: '', title: <CauseTitle label="All causes" count={all} />, description: 'Whatever took most of the time' },
          ...timeParts.map(({ cause, label, description }) => ({
            id: cause,
            title: <CauseTitle label={label} count={counts.find(([one]) => one === cause)?.[1]} />,
            description: `Most of the time was spent ${description}`,
          })),
        ]}
        onSelect={(cause) => chooseFilters({ cause: cause || undefined })}
      />
      <OperationFilter />
      <MinimumFilter />
      {hasFilters() && (
        <button type="button" class="button button-quiet" onClick={clearFilters}>
          Clear filters
        </button>
      )}
    </div>
  )
}

/** Returns how many of the chosen slow operations have a cause. */
function useCount(cause: SlowCause | undefined): number | undefined {
  return useAnswer('api/v1/slow-operations', { ...slowParameters(), cause, limit: 1 }).value?.total
}

function CauseTitle({ label, count }: { readonly label: string; readonly count: number | undefined }) {
  return (
    <>
      {label}
      {count !== undefined && <span class="count">{formatCount(count)}</span>}
    </>
  )
}

function MinimumFilter() {
  const chosen = parameter('slow-operations', 'minimum')
  const offered: readonly string[] =
    chosen === undefined || (minimums as readonly string[]).includes(chosen) ? minimums : [chosen, ...minimums]
  return (
    <label class="filter">
      <span>Duration</span>
      <select
        class="control"
        value={chosen ?? ''}
        onChange={({ currentTarget }) => chooseFilters({ minimum: currentTarget.value || undefined })}
      >
        <option value="">Any</option>
        {offered.map((minimum) => {
          const milliseconds = parseParameterDuration(minimum)
          return (
            <option key={minimum} value={minimum}>
              {milliseconds === undefined ? minimum : `from ${formatDuration(milliseconds / 1000)}`}
            </option>
          )
        })}
      </select>
    </label>
  )
}

function LogIsOff() {
  return (
    <div class="notice notice-warning">
      <p>
        The log of slow operations is off: none is recorded. Turn on enableSlowQueryLog in the{' '}
        <a href={linkTo('configuration', { tab: 'settings' })}>settings</a>, or start with WOMBAT_ENABLE_SLOW_QUERY_LOG=true.
      </p>
    </div>
  )
}

function NoSlowOperation({ answer: { thresholdSeconds, enabled } }: { readonly answer: SlowOperationsAnswer }) {
  if (hasFilters()) {
    return (
      <Empty>
        No slow operation of this range matches the filters.{' '}
        <button type="button" class="link" onClick={clearFilters}>
          Clear the filters
        </button>
      </Empty>
    )
  }
  if (!enabled) return <Empty>None was recorded before the log was turned off.</Empty>
  return (
    <Empty>
      No operation of this range is known to have been slow. One is slow if it takes {formatDuration(thresholdSeconds)} or, once
      100 of its kind were timed, ten times their P99.
    </Empty>
  )
}
