import type { SlowOperation } from '../../api/types.ts'
import { type Column, Table } from '../../components/table.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { TraceCell } from '../../components/trace-cell.tsx'
import { formatBytes } from '../../format/bytes.ts'
import { formatDuration } from '../../format/durations.ts'
import { operationName } from '../../format/names.ts'
import { formatCount } from '../../format/numbers.ts'
import { linkTo } from '../../router.ts'
import { TimeParts } from './time-parts.tsx'

/** How much of the charts a link from an operation shows before and after it. */
const aroundMs = 60_000

export type SlowSort = 'time' | 'duration'

/** Slow operations in the order of the answer. What no record knows has no column. */
export function SlowTable({
  rows,
  sort,
  hasStore,
  onSort,
}: {
  readonly rows: readonly SlowOperation[]
  readonly sort: SlowSort
  /** Whether the stores are named. */
  readonly hasStore: boolean
  readonly onSort: (sort: SlowSort) => void
}) {
  const has = (pick: (row: SlowOperation) => unknown): boolean => rows.some((row) => pick(row) !== undefined)
  const columns: readonly (Column<SlowOperation> | false)[] = [
    {
      key: 'time',
      title: 'Time',
      isRowHeader: true,
      sortBy: ({ timeMs }) => timeMs,
      render: ({ timeMs, store }) => (
        <a
          href={linkTo('operations', { store, from: String(timeMs - aroundMs), to: String(timeMs + aroundMs) })}
          title="The charts of the minutes around it"
        >
          <TimeText timeMs={timeMs} as="clock" />
        </a>
      ),
    },
    {
      key: 'operation',
      title: 'Operation',
      render: ({ store, operation, isFailed }) => (
        <>
          <span class="slow-operation">
            {operationName(operation)}
            {isFailed && <span class="failed"> failed</span>}
          </span>
          {hasStore && <span class="muted slow-store">{store}</span>}
        </>
      ),
    },
    {
      key: 'duration',
      title: 'Duration',
      isNumeric: true,
      sortBy: ({ durationSeconds }) => durationSeconds,
      render: ({ durationSeconds }) => <b>{formatDuration(durationSeconds)}</b>,
    },
    { key: 'parts', title: 'Where the time went', render: (operation) => <TimeParts operation={operation} /> },
    has(({ entries }) => entries) &&
      count('entries', 'Entries', 'Of a batch or a scan', ({ entries }) => entries && formatCount(entries)),
    has(({ keyBytes }) => keyBytes) &&
      count('key', 'Key', undefined, ({ keyBytes }) => keyBytes !== undefined && formatBytes(keyBytes)),
    has(({ valueBytes }) => valueBytes) &&
      count('value', 'Value', undefined, ({ valueBytes }) => valueBytes !== undefined && formatBytes(valueBytes)),
    has(({ inFlight }) => inFlight) &&
      count('in-flight', 'In flight', 'Operations of the store in flight, including itself', ({ inFlight }) => inFlight),
    has(({ worker }) => worker) && { key: 'worker', title: 'Worker', room: 'not-on-phones', render: ({ worker }) => worker },
    has(({ traceId }) => traceId) && { key: 'trace', title: 'Trace', render: TraceCell },
  ]
  return (
    <Table
      caption="Slow operations"
      columns={columns.filter((column) => column !== false)}
      rows={rows}
      empty="There are fewer entries now than this page begins with."
      rowKey={({ timeMs, store, operation, durationSeconds, worker }) =>
        [timeMs, store, operation, durationSeconds, worker].join(' ')
      }
      sort={`-${sort}`}
      // The greatest first, whichever column: the others are on the last page.
      onSort={(order) => onSort(order.endsWith('duration') ? 'duration' : 'time')}
    />
  )
}

function count(
  key: string,
  title: string,
  description: string | undefined,
  render: Column<SlowOperation>['render'],
): Column<SlowOperation> {
  return { key, title, description, isNumeric: true, room: 'not-on-phones', render }
}
