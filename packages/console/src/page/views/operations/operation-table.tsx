import type { InstantSeries, QueryAnswer } from '../../api/types.ts'
import { operationColor } from '../../charts/colors.ts'
import { Sparkline } from '../../charts/sparkline.tsx'
import { Card } from '../../components/card.tsx'
import { ErrorNotice, Skeleton } from '../../components/notices.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { countMetric, errorMetric, latencyMetric, operationIn, ratesByOperation } from '../../data/operation-metrics.ts'
import type { PointSeries } from '../../data/range-points.ts'
import { rangeText, type TimeWindow, timeRange } from '../../data/time-range.ts'
import type { AnswerData } from '../../data/use-answer.ts'
import { useRange } from '../../data/use-range.ts'
import { useRangeTotals } from '../../data/use-range-totals.ts'
import { formatDuration } from '../../format/durations.ts'
import { operationName } from '../../format/names.ts'
import { formatCount, formatNumber, formatRate, formatShare } from '../../format/numbers.ts'
import { linkTo, parameter, setParameters } from '../../router.ts'

/** So near to 1 that it is in the bucket of the slowest operation. */
const highest = 0.999_999_999_999_9

interface Row {
  /** Undefined for all operations together. */
  readonly operation: string | undefined
  readonly count: number | undefined
  readonly rate: number | undefined
  /** The rate over time. */
  readonly points: PointSeries['points']
  readonly p50: number | undefined
  readonly p95: number | undefined
  readonly p99: number | undefined
  readonly max: number | undefined
  readonly errors: number | undefined
}

export interface OperationTableProps {
  readonly store: string | undefined
  readonly existing: readonly string[]
  readonly selected: string | undefined
}

/** Each operation with its numbers over the range of the page. */
export function OperationTable({ store, existing, selected }: OperationTableProps) {
  const counts = useRangeTotals({ metric: existing.map(countMetric), function: 'increase', by: '__name__' }, store)
  // The same query as that of the chart, so it is asked once.
  const rates = useRange(ratesByOperation(existing, store))
  const errors = useRangeTotals({ metric: existing.map(errorMetric), function: 'increase', by: '__name__' }, store)
  const latency = { metric: existing.map(latencyMetric), function: 'quantile', quantile: [0.5, 0.95, 0.99, highest] }
  const latencies = useRangeTotals({ ...latency, by: '__name__' }, store)
  const allLatencies = useRangeTotals({ ...latency, by: '' }, store)
  const rows = existing.map((operation) => createRow(operation, { counts, rates: rates.series, errors, latencies }))
  const isActive = (row: Row): boolean => (row.count ?? 0) > 0
  const sum = (pick: (row: Row) => number | undefined): number => rows.reduce((total, row) => total + (pick(row) ?? 0), 0)
  const totals: Row = {
    operation: undefined,
    count: sum(({ count }) => count),
    rate: sum(({ rate }) => rate),
    points: [],
    errors: sum(({ errors }) => errors),
    ...readQuantiles(allLatencies.value?.series ?? []),
  }
  const failed = [counts, rates, latencies, errors].find(({ error }) => error !== undefined)
  const active = rows.filter(isActive)
  return (
    <Card
      title={store === undefined ? 'All stores' : store}
      subtitle={`${rangeText.value}. Choose an operation to see only its charts.`}
    >
      {failed?.error !== undefined && <ErrorNotice error={failed.error} what="the operations" onRetry={failed.reload} />}
      {counts.isLoading || latencies.isLoading ? (
        <Skeleton height={60 + existing.length * 31} />
      ) : (
        <Table
          caption="Operations"
          columns={columns(timeRange.value)}
          rows={active.length > 1 ? [...active, totals] : active}
          rowKey={({ operation = 'all' }) => operation}
          sort={parameter('operations', 'sort') ?? '-rate'}
          onSort={(sort) => setParameters('operations', { sort: sort === '-rate' ? undefined : sort }, 'replace')}
          isSelected={({ operation }) => operation !== undefined && operation === selected && existing.length > 1}
          onRowClick={({ operation }) =>
            setParameters('operations', { operation: operation === selected ? undefined : operation })
          }
          empty="No operations in this range. Choose a longer one."
        />
      )}
    </Card>
  )
}

interface Answers {
  readonly counts: AnswerData<QueryAnswer>
  readonly rates: readonly PointSeries[]
  readonly errors: AnswerData<QueryAnswer>
  readonly latencies: AnswerData<QueryAnswer>
}

function createRow(operation: string, { counts, rates, errors, latencies }: Answers): Row {
  const of = ({ value }: AnswerData<QueryAnswer>): readonly InstantSeries[] =>
    value?.series.filter((series) => operationIn(series) === operation) ?? []
  const points = rates.find((series) => operationIn(series) === operation)?.points ?? []
  return {
    operation,
    count: readNumber(of(counts)[0]),
    rate: averageRate(points),
    points,
    errors: readNumber(of(errors)[0]),
    ...readQuantiles(of(latencies)),
  }
}

/** The average of what is known: a process that has just started did not do nothing before. */
function averageRate(points: PointSeries['points']): number | undefined {
  return points.length === 0 ? undefined : points.reduce((sum, [, value]) => sum + value, 0) / points.length
}

function readQuantiles(series: readonly InstantSeries[]): Pick<Row, 'p50' | 'p95' | 'p99' | 'max'> {
  const find = (quantile: number): number | undefined => readNumber(series.find((one) => one.quantile === quantile))
  return { p50: find(0.5), p95: find(0.95), p99: find(0.99), max: find(highest) }
}

function readNumber(series: InstantSeries | undefined): number | undefined {
  return typeof series?.value === 'number' ? series.value : undefined
}

function columns({ startMs, endMs, stepMs }: TimeWindow): readonly Column<Row>[] {
  const duration = (key: 'p50' | 'p95' | 'p99' | 'max', title: string, description: string): Column<Row> => ({
    key,
    title,
    description,
    isNumeric: true,
    // On a phone, the P99 tells most.
    ...(key !== 'p99' && { room: 'not-on-phones' }),
    sortBy: (row) => row[key],
    render: ({ [key]: seconds }) => (seconds === undefined ? '' : `${key === 'max' ? '≤ ' : ''}${formatDuration(seconds)}`),
  })
  return [
    { key: 'operation', title: 'Operation', isRowHeader: true, sortBy: ({ operation }) => operation, render: OperationCell },
    {
      key: 'rate',
      title: 'Per second',
      isNumeric: true,
      sortBy: ({ rate, operation }) => (operation === undefined ? undefined : rate),
      render: ({ rate }) => (rate === undefined ? '' : formatRate(rate)),
    },
    {
      key: 'trend',
      title: 'Trend',
      room: 'wide-only',
      render: ({ operation, points }) =>
        operation !== undefined && (
          <div class="table-trend">
            <Sparkline
              label={`${operationName(operation)} per second`}
              unit="{operation}/s"
              color={operationColor(operation)}
              {...{ points, startMs, endMs, stepMs }}
            />
          </div>
        ),
    },
    {
      key: 'count',
      title: 'Count',
      description: `In ${formatDuration((endMs - startMs) / 1000)}`,
      isNumeric: true,
      room: 'not-on-phones',
      sortBy: ({ count, operation }) => (operation === undefined ? undefined : count),
      render: ({ count }) => (count === undefined ? '' : count < 1e6 ? formatCount(count) : formatNumber(count)),
    },
    duration('p50', 'P50', 'Half of the operations were faster'),
    duration('p95', 'P95', '95 of 100 operations were faster'),
    duration('p99', 'P99', '99 of 100 operations were faster'),
    duration('max', 'Max', 'The upper end of the bucket of the slowest operation'),
    {
      key: 'errors',
      title: 'Failed',
      isNumeric: true,
      sortBy: ({ errors, operation }) => (operation === undefined ? undefined : errors),
      render: ({ errors, count }) => {
        if (errors === undefined) return ''
        if (errors < 0.5) return <span class="muted">0</span>
        return (
          <span class="failed">
            {formatCount(errors)} {count !== undefined && count > 0 && <span class="muted">({formatShare(errors / count)})</span>}
          </span>
        )
      },
    },
  ]
}

function OperationCell({ operation }: Row) {
  if (operation === undefined) return <span class="muted">all together</span>
  return (
    <a class="operation-name" href={linkTo('operations', { operation })} onClick={(event) => event.stopPropagation()}>
      <span class="swatch" style={{ background: `var(${operationColor(operation)})` }} />
      {operationName(operation)}
    </a>
  )
}
