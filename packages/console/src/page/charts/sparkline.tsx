import { formatValue } from '../format/units.ts'
import { summarize, toColumns } from './chart-data.ts'

const width = 100
const height = 24

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
  const { times, values } = toColumns([{ points }], startMs, endMs, stepMs)
  const column = values[0] ?? []
  const summary = summarize(column)
  const text =
    summary === undefined
      ? `${label}: no values`
      : `${label}: now ${formatValue(summary.last, unit)}, lowest ${formatValue(summary.min, unit)}, highest ${formatValue(summary.max, unit)}`
  const { line, area } = toPaths(column, times.length, summary?.max ?? 0)
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${height}`}
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

function toPaths(column: readonly (number | null)[], count: number, max: number): { line: string; area: string } {
  let line = ''
  let area = ''
  let startX: number | undefined
  let lastX = 0
  const close = (): void => {
    if (startX !== undefined) area += `L${lastX} ${height}L${startX} ${height}Z`
    startX = undefined
  }
  for (const [index, value] of column.entries()) {
    if (value === null) {
      close()
      continue
    }
    const x = Math.round((index / Math.max(1, count - 1)) * width * 10) / 10
    const y = Math.round((height - 1 - (max > 0 ? value / max : 0) * (height - 2)) * 10) / 10
    const command = startX === undefined ? 'M' : 'L'
    line += `${command}${x} ${y}`
    area += `${command}${x} ${y}`
    startX ??= x
    lastX = x
  }
  close()
  return { line, area }
}
