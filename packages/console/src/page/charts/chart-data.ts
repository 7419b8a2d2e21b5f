import { alignDown } from '../data/steps.ts'

/** One line of a chart. */
export interface ChartSeries {
  readonly key: string
  readonly label: string
  /** A token, for example `--series-1`. */
  readonly color: string
  readonly points: readonly (readonly [timeMs: number, value: number])[]
  readonly isDashed?: boolean | undefined
}

/** Columns of equal length: the times, and for each series its values. A missing value is null. */
export interface ChartColumns {
  readonly times: readonly number[]
  readonly values: readonly (readonly (number | null)[])[]
}

/** Returns the points of all series as columns at each step, so that a missing point is a gap. */
export function toColumns(
  series: readonly Pick<ChartSeries, 'points'>[],
  startMs: number,
  endMs: number,
  stepMs: number,
): ChartColumns {
  const firstMs = alignDown(startMs, stepMs)
  const count = Math.max(1, Math.floor((endMs - firstMs) / stepMs) + 1)
  const times = Array.from({ length: count }, (_, index) => firstMs + index * stepMs)
  const values = series.map(({ points }) => {
    const column: (number | null)[] = new Array(count).fill(null)
    for (const [timeMs, value] of points) {
      const index = Math.round((timeMs - firstMs) / stepMs)
      if (index >= 0 && index < count) column[index] = value
    }
    return column
  })
  return { times, values }
}

/** Returns columns added up from the first on. A missing value counts as nothing, unless all are missing. */
export function stackColumns(values: ChartColumns['values']): ChartColumns['values'] {
  const sums: (number | null)[] = new Array(values[0]?.length ?? 0).fill(null)
  return values.map((column) => {
    column.forEach((value, index) => {
      if (value !== null) sums[index] = (sums[index] ?? 0) + value
    })
    return [...sums]
  })
}

export interface SeriesSummary {
  readonly last: number
  readonly min: number
  readonly max: number
}

/** Returns the last, lowest and highest value; undefined if there is none. */
export function summarize(column: readonly (number | null)[]): SeriesSummary | undefined {
  const known = column.filter((value) => value !== null)
  const last = known.at(-1)
  if (last === undefined) return undefined
  return { last, min: known.reduce((a, b) => Math.min(a, b)), max: known.reduce((a, b) => Math.max(a, b)) }
}

/** Returns the end of an axis that shows `max`: a round number above it. */
export function niceMax(max: number, isBinary: boolean): number {
  if (!(max > 0)) return 1
  const base = isBinary ? 2 : 10
  const magnitude = base ** Math.floor(Math.log(max) / Math.log(base))
  const factors = isBinary ? [1, 1.25, 1.5, 1.75, 2] : [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]
  return magnitude * (factors.find((factor) => magnitude * factor >= max * 1.02) ?? base)
}
