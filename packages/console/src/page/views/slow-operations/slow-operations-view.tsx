import type { ErrorEntry, SlowOperation } from '../../api/generated/api.ts'
import { StackedBar } from '../../charts/bars.tsx'
import { Card } from '../../components/card.tsx'
import { Empty, ErrorNotice, Skeleton } from '../../components/notices.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { selectedStore } from '../../data/stores.ts'
import { timeRange } from '../../data/time-range.ts'
import { traceLink } from '../../data/trace-link.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { formatBytes } from '../../format/bytes.ts'
import { formatDuration } from '../../format/durations.ts'

const limit = 100

/** The slow operations and the errors of the range. */
export function SlowOperationsView() {
  return (
    <>
      <SlowOperations />
      <Errors />
    </>
  )
}

function SlowOperations() {
  const { startMs, endMs } = timeRange.value
  const store = selectedStore.value
  const { value, isLoading, error, reload } = useAnswer('api/v1/slow-operations', {
    store,
    start: String(startMs),
    end: String(endMs),
    limit: String(limit),
  })
  if (error !== undefined) return <ErrorNotice error={error} what="the slow operations" onRetry={reload} />
  if (isLoading || value === undefined) return <Skeleton height={300} />
  if (!value.enabled) return <Empty>The slow log is off. Turn on enableSlowQueryLog in the configuration.</Empty>
  return (
    <Card
      title="Slow operations"
      subtitle={`An operation is slow from ${formatDuration(value.thresholdSeconds)} on, or if it takes ten times its usual P99. ${value.total} in this range.`}
    >
      <Table
        caption="Slow operations, newest first"
        columns={columns}
        rows={value.slowOperations}
        rowKey={(one) => `${one.timeMs} ${one.store} ${one.operation} ${one.durationSeconds}`}
        empty="No operation was slow in this range."
      />
    </Card>
  )
}

const columns: ReadonlyArray<Column<SlowOperation>> = [
  { key: 'time', title: 'Time', isRowHeader: true, render: ({ timeMs }) => <TimeText timeMs={timeMs} as="clock" /> },
  { key: 'store', title: 'Store', sortBy: ({ store }) => store, render: ({ store }) => store },
  { key: 'operation', title: 'Operation', sortBy: ({ operation }) => operation, render: ({ operation }) => operation },
  {
    key: 'duration',
    title: 'Duration',
    sortBy: (one) => one.durationSeconds,
    render: (one) => formatDuration(one.durationSeconds),
  },
  { key: 'parts', title: 'Where the time went', render: (one) => <Parts {...one} /> },
  { key: 'key', title: 'Key', render: ({ keyBytes }) => keyBytes !== undefined && formatBytes(keyBytes) },
  { key: 'value', title: 'Value', render: ({ valueBytes }) => valueBytes !== undefined && formatBytes(valueBytes) },
  { key: 'in-flight', title: 'In flight', render: ({ inFlight }) => inFlight },
  { key: 'trace', title: 'Trace', render: (one) => <Trace {...one} /> },
]

function Parts({ storeSeconds, loopSeconds, poolSeconds }: SlowOperation) {
  return (
    <StackedBar
      label="Time"
      unit="s"
      parts={[
        { label: 'store', value: storeSeconds, color: '--series-1' },
        { label: 'event loop', value: loopSeconds, color: '--series-4' },
        { label: 'thread pool', value: poolSeconds, color: '--series-5' },
      ]}
    />
  )
}

function Trace({ traceId, spanId }: SlowOperation) {
  if (traceId === undefined) return null
  const link = traceLink(traceId, spanId)
  const text = <code>{traceId.slice(0, 8)}</code>
  return link === undefined ? text : <a href={link}>{text}</a>
}

function Errors() {
  const { startMs, endMs } = timeRange.value
  const store = selectedStore.value
  const windowSeconds = Math.max(1, Math.round((endMs - startMs) / 1000))
  const { value, isLoading, error, reload } = useAnswer('api/v1/errors', {
    store,
    window: `${windowSeconds}s`,
    limit: String(limit),
  })
  if (error !== undefined) return <ErrorNotice error={error} what="the errors" onRetry={reload} />
  if (isLoading || value === undefined) return <Skeleton height={200} />
  return (
    <Card title="Errors" subtitle="Equal errors within one second are one row.">
      <Table
        caption="Errors, newest first"
        columns={errorColumns}
        rows={value.errors}
        rowKey={(one) => `${one.firstMs} ${one.store} ${one.operation} ${one.errorType}`}
        empty="No operation failed in this time."
      />
    </Card>
  )
}

const errorColumns: ReadonlyArray<Column<ErrorEntry>> = [
  { key: 'time', title: 'Last', isRowHeader: true, render: ({ lastMs }) => <TimeText timeMs={lastMs} as="clock" /> },
  { key: 'store', title: 'Store', sortBy: ({ store }) => store, render: ({ store }) => store },
  { key: 'operation', title: 'Operation', sortBy: ({ operation }) => operation, render: ({ operation }) => operation },
  { key: 'type', title: 'Type', sortBy: ({ errorType }) => errorType, render: ({ errorType }) => <code>{errorType}</code> },
  { key: 'count', title: 'Count', sortBy: ({ count }) => count, render: ({ count }) => count },
]
