import type { SlowOperationsAnswer } from '../../api/types.ts'
import { Card } from '../../components/card.tsx'
import { type Column, Table } from '../../components/table.tsx'
import { operations } from '../../data/operation-metrics.ts'
import { formatDuration } from '../../format/durations.ts'
import { operationName } from '../../format/names.ts'
import { formatCount } from '../../format/numbers.ts'
import { linkTo } from '../../router.ts'
import { arrangeThresholds, type ThresholdRow } from './arrange-thresholds.ts'

/** From when an operation is slow, and which lines the log left out. */
export function SlowThresholds({ answer }: { readonly answer: SlowOperationsAnswer }) {
  const { thresholdSeconds, adaptiveThresholds, suppressed } = answer
  const rows = arrangeThresholds(adaptiveThresholds)
  const shown = operations.filter((operation) => rows.some(({ spans }) => spans.has(operation)))
  return (
    <Card title="What counts as slow">
      <p>
        Every operation from <b>{formatDuration(thresholdSeconds)}</b> on (
        <a href={linkTo('configuration', { search: 'slowQueryThresholdMs' })}>slowQueryThresholdMs</a>)
        {rows.length > 0
          ? ', and what takes ten times the P99 of its kind in the last five minutes, but at least 20 ms:'
          : '. No operation has a lower threshold of its own: it needs 100 timed operations, and adaptiveSlowThreshold.'}
      </p>
      {rows.length > 0 && (
        <Table
          caption="Adaptive thresholds"
          rows={rows}
          rowKey={({ store }) => store}
          defaultSort="store"
          maxHeight={320}
          columns={[
            { key: 'store', title: 'Store', isRowHeader: true, sortBy: ({ store }) => store, render: ({ store }) => store },
            ...shown.map(thresholdColumn),
          ]}
        />
      )}
      {suppressed > 0 && (
        <p class="muted">
          The log left out {formatCount(suppressed)} lines about slow operations since the start: it writes ten at once, then one
          per second. The operations are counted all the same.
        </p>
      )}
    </Card>
  )
}

function thresholdColumn(operation: string): Column<ThresholdRow> {
  return {
    key: operation,
    title: operationName(operation),
    isNumeric: true,
    sortBy: ({ spans }) => spans.get(operation)?.maxSeconds,
    render: ({ spans }) => {
      const span = spans.get(operation)
      if (span === undefined) return ''
      const [from, to] = [formatDuration(span.minSeconds), formatDuration(span.maxSeconds)]
      return from === to ? from : `${from} – ${to}`
    },
  }
}
