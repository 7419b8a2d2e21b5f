import { TraceCell } from '../components/trace-cell.tsx'
import { operationIn } from '../data/operation-metrics.ts'
import { nowMs } from '../data/time-range.ts'
import { formatFullTime, formatShortTime } from '../format/times.ts'
import { formatValue } from '../format/units.ts'
import type { CellExemplar, HeatCells } from './heat-cells.ts'

/** How many traces are listed if no cell is chosen. */
const slowestCount = 3

export interface HeatTracesProps {
  readonly cells: HeatCells
  /** The traces of the cell that was chosen; none if none is. */
  readonly chosen: readonly CellExemplar[]
  readonly unit: string
  readonly onClose: () => void
}

/** The traces of the chosen cell, or else of the slowest values; nothing if there are none. */
export function HeatTraces({ cells, chosen, unit, onClose }: HeatTracesProps) {
  const isCell = chosen.length > 0
  const shown = isCell ? chosen : slowest(cells.exemplars)
  if (shown.length === 0) return null
  return (
    <section class="heat-traces" aria-label="Traces" aria-live="polite">
      <span class="muted">{isCell ? 'Traces of the cell' : 'Slowest traces'}</span>
      <ul>
        {shown.map((exemplar) => (
          <li key={`${exemplar.spanId} ${exemplar.metric} ${exemplar.timeMs}`}>
            <strong>{formatValue(exemplar.value, unit)}</strong> {operationIn(exemplar) ?? exemplar.metric}{' '}
            <time class="muted" title={formatFullTime(exemplar.timeMs)}>
              {formatShortTime(exemplar.timeMs, nowMs.value)}
            </time>{' '}
            <TraceCell traceId={exemplar.traceId} spanId={exemplar.spanId} />
          </li>
        ))}
      </ul>
      {isCell && (
        <button type="button" class="button button-quiet" onClick={onClose}>
          Show the slowest
        </button>
      )}
    </section>
  )
}

function slowest(exemplars: readonly CellExemplar[]): readonly CellExemplar[] {
  return exemplars.toSorted((one, other) => other.value - one.value).slice(0, slowestCount)
}
