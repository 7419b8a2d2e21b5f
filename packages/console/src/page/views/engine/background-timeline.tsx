import { useSignal } from '@preact/signals'
import { Timeline } from '../../charts/timeline.tsx'
import { Card } from '../../components/card.tsx'
import { Icon } from '../../components/icon.tsx'
import { Table } from '../../components/table.tsx'
import { TimeText } from '../../components/time-text.tsx'
import { formatBytes } from '../../format/bytes.ts'
import { formatDuration } from '../../format/durations.ts'
import { formatCount } from '../../format/numbers.ts'
import { formatClock } from '../../format/times.ts'
import { type BackgroundWork, stallCauseName, sumWork, toLanes, workDuration } from './background-work.ts'

/** How many rows the table of the same work has. */
const maxRows = 200

/** How many intervals fit into a lane: more could not be told apart. */
const maxIntervals = 300

/** The flushes, compactions and stalls of an engine as intervals over the time of the page, or as a table. */
export function BackgroundTimeline({
  works,
  startMs,
  endMs,
}: {
  readonly works: readonly BackgroundWork[]
  readonly startMs: number
  readonly endMs: number
}) {
  const isTable = useSignal(false)
  return (
    <Card
      title="Flushes, compactions and stalls"
      subtitle={works.length === 0 ? undefined : describeTotals(works, endMs)}
      isWide
      actions={
        <button
          type="button"
          class="button button-icon button-quiet"
          aria-pressed={isTable.value}
          aria-label={`Show the background work as a ${isTable.value ? 'timeline' : 'table'}`}
          title={isTable.value ? 'Show as timeline' : 'Show as table'}
          onClick={() => {
            isTable.value = !isTable.value
          }}
        >
          <Icon name={isTable.value ? 'chart' : 'table'} />
        </button>
      }
    >
      {isTable.value ? (
        <WorkTable works={works} />
      ) : (
        <Timeline
          label="Flushes, compactions and stalls"
          lanes={toLanes(works, (endMs - startMs) / maxIntervals, endMs)}
          startMs={startMs}
          endMs={endMs}
          empty="The engine has neither flushed nor compacted in this range, as far as the timeline reaches back. It does when a memtable is full."
        />
      )}
    </Card>
  )
}

/** Older events are dropped by kind, so each kind is known since another time. */
function describeTotals(works: readonly BackgroundWork[], nowMs: number): string {
  const { flushes, flushedBytes, compactions, inputBytes, outputBytes, stalls, stallSeconds } = sumWork(works, nowMs)
  const since = (kind: BackgroundWork['kind']): string => {
    const first = works.find((work) => work.kind === kind)
    return first === undefined ? '' : ` since ${formatClock(first.startMs)}`
  }
  const parts = [
    flushes > 0 ? `${plural(flushes, 'flush', 'flushes')} of ${formatBytes(flushedBytes)}${since('flush')}` : undefined,
    compactions > 0
      ? `${plural(compactions, 'compaction', 'compactions')} read ${formatBytes(inputBytes)} and wrote ${formatBytes(outputBytes)}${since('compaction')}`
      : undefined,
    stalls > 0
      ? `writers had to wait ${plural(stalls, 'time', 'times')}, for ${formatDuration(stallSeconds)} in all${since('write_stall')}`
      : undefined,
  ]
  return `${parts.filter((part) => part !== undefined).join('; ')}.`
}

function plural(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

function WorkTable({ works }: { readonly works: readonly BackgroundWork[] }) {
  return (
    <Table
      caption="Flushes, compactions and stalls, newest first"
      rows={works.slice(-maxRows).reverse()}
      rowKey={({ key }) => key}
      maxHeight={320}
      columns={[
        { key: 'time', title: 'Began', isRowHeader: true, render: ({ startMs }) => <TimeText timeMs={startMs} as="clock" /> },
        { key: 'kind', title: 'What', render: nameOfWork },
        {
          key: 'duration',
          title: 'Duration',
          isNumeric: true,
          sortBy: ({ startMs, endMs }) => endMs && endMs - startMs,
          render: (work) => workDuration(work) ?? 'still going on',
        },
        column('files-in', 'Files in', ({ inputFiles }) => inputFiles, formatCount),
        column('files-out', 'Files out', ({ outputFiles }) => outputFiles, formatCount),
        column('in', 'Bytes in', ({ inputBytes }) => inputBytes, formatBytes),
        column('out', 'Bytes out', ({ outputBytes }) => outputBytes, formatBytes),
      ]}
    />
  )
}

function column(
  key: string,
  title: string,
  read: (work: BackgroundWork) => number | undefined,
  format: (value: number) => string,
) {
  const render = (work: BackgroundWork): string => {
    const value = read(work)
    return value === undefined ? '' : format(value)
  }
  return { key, title, isNumeric: true, sortBy: read, render }
}

function nameOfWork({ kind, level, cause }: BackgroundWork): string {
  if (kind === 'flush') return 'flush'
  if (kind === 'compaction') return level === undefined ? 'compaction' : `compaction into L${level}`
  return cause === undefined ? 'stall' : `stall: ${stallCauseName(cause)}`
}
