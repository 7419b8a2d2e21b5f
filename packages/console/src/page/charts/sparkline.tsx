import { formatValue } from '../format/units.ts'
import { summarize, toColumns } from './chart-data.ts'
import { sparklineHeight, sparklineWidth, toPaths } from './sparkline-paths.ts'

export interface SparklineProps {
  /** What it shows, for those who cannot see it. */
  readonly label: string
  readonly unit: string
  readonly points: readonly (readonly [timeMs: number, value: number])[]
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  /** A token. */
  readonly color?: string | undefined
}

/** A small line without axes: cheap enough for hundreds of them. */
export function Sparkline({ label, unit, points, startMs, endMs, stepMs, color = '--accent' }: SparklineProps) {
  const { values } = toColumns([{ points }], startMs, endMs, stepMs)
  const column = values[0] ?? []
  const summary = summarize(column)
  const text =
    summary === undefined
      ? `${label}: no values`
      : `${label}: now ${formatValue(summary.last, unit)}, lowest ${formatValue(summary.min, unit)}, highest ${formatValue(summary.max, unit)}`
  const { line, area } = toPaths(column, summary?.max ?? 0)
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${sparklineWidth} ${sparklineHeight}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={text}
      style={{ color: `var(${color})` }}
    >
      <title>{text}</title>
      <path class="sparkline-area" d={area} />
      <path class="sparkline-line" d={line} />
    </svg>
  )
}
