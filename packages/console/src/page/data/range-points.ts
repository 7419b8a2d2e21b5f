import type { JsonNumber, Labels, RangeSeries } from '../api/types.ts'

/** One series as charts draw it: a missing point is a gap. */
export interface PointSeries {
  readonly key: string
  readonly metric?: string
  readonly labels: Labels
  readonly quantile?: number
  readonly points: readonly (readonly [timeMs: number, value: number])[]
}

/** What is known of a query, without gaps between two times. */
export interface Known {
  readonly startMs: number
  readonly endMs: number
}

/** What was asked for: `fromMs` to `endMs`, and what is needed begins at `keepFromMs`. */
export interface Asked {
  readonly fromMs: number
  readonly endMs: number
  readonly keepFromMs: number
}

/** The points of a query that are known, without gaps between `startMs` and `endMs`. */
export interface RangePoints extends Known {
  readonly series: readonly PointSeries[]
}

/** Returns from when on to ask, if points of `startMs` to `endMs` are missing; undefined if all are known. */
export function missingFrom(known: Known | undefined, startMs: number, endMs: number, stepMs: number): number | undefined {
  if (known === undefined || startMs < known.startMs || startMs > known.endMs) return startMs
  // The last known step is asked for again: a sample may have come late.
  return known.endMs + stepMs <= endMs ? Math.max(startMs, known.endMs) : undefined
}

/** Adds the answer for `fromMs` to `endMs` to what is known, and drops what is before `keepFromMs`. */
export function mergePoints(
  known: RangePoints | undefined,
  answer: readonly RangeSeries[],
  { fromMs, endMs, keepFromMs }: Asked,
): RangePoints {
  const merged = new Map<string, PointSeries>()
  const isContinued = known !== undefined && fromMs >= known.startMs && fromMs <= known.endMs
  for (const one of isContinued ? known.series : []) {
    merged.set(one.key, { ...one, points: one.points.filter(([timeMs]) => timeMs >= keepFromMs && timeMs < fromMs) })
  }
  for (const one of answer) {
    const key = seriesKey(one)
    const before = merged.get(key)?.points ?? []
    merged.set(key, { ...one, key, points: [...before, ...numericPoints(one.points)] })
  }
  const series = [...merged.values()].filter(({ points }) => points.length > 0)
  return { startMs: isContinued ? Math.max(known.startMs, keepFromMs) : fromMs, endMs, series }
}

/** Returns the quotients at the times that both have; there is none where the divisor is 0, for example no share of failed operations. */
export function dividePoints(dividends: PointSeries['points'], divisors: PointSeries['points']): PointSeries['points'] {
  const byTime = new Map(divisors)
  return dividends.flatMap(([timeMs, value]) => {
    const divisor = byTime.get(timeMs)
    return divisor === undefined || divisor === 0 ? [] : [[timeMs, value / divisor] as const]
  })
}

function seriesKey({ metric = '', labels, quantile }: RangeSeries): string {
  return JSON.stringify([metric, quantile, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])
}

/** What is not finite cannot be drawn, so it is a gap. */
function numericPoints(points: readonly (readonly [number, JsonNumber])[]): (readonly [number, number])[] {
  return points.filter((point): point is readonly [number, number] => typeof point[1] === 'number')
}
