import type { PointSeries } from '../../data/range-points.ts'

/** The metrics that are added up and divided. */
export interface Ratio {
  readonly label: string
  readonly dividend: readonly string[]
  readonly divisor: readonly string[]
}

/** Returns the ratio of sums of series at each time at which all of them have a value and the divisor is not 0. */
export function divideSeries(series: readonly PointSeries[], { label, dividend, divisor }: Ratio): readonly PointSeries[] {
  const columns = new Map(series.map((one) => [nameOf(one), new Map(one.points)]))
  const needed = [...new Set([...dividend, ...divisor])]
  const first = columns.get(needed[0] ?? '')
  if (first === undefined) return []
  const sumAt = (names: readonly string[], timeMs: number): number =>
    names.reduce((sum, name) => sum + (columns.get(name)?.get(timeMs) ?? Number.NaN), 0)
  const points = [...first.keys()]
    .map((timeMs) => [timeMs, sumAt(dividend, timeMs) / sumAt(divisor, timeMs)] as const)
    .filter(([, value]) => Number.isFinite(value))
  return points.length === 0 ? [] : [{ key: label, labels: { ratio: label }, points }]
}

/** Returns the bytes of all levels divided by those of the deepest one with files, RocksDB's estimate of the space amplification. */
export function spaceAmplification(series: readonly PointSeries[]): readonly PointSeries[] {
  const levels = series
    .map(({ labels, points }) => ({ level: Number(labels['level']), values: new Map(points) }))
    .filter(({ level }) => Number.isInteger(level))
    .sort((a, b) => a.level - b.level)
  const times = [...new Set(series.flatMap(({ points }) => points.map(([timeMs]) => timeMs)))].sort((a, b) => a - b)
  const points = times.flatMap((timeMs): (readonly [number, number])[] => {
    const sizes = levels.map(({ level, values }) => ({ level, bytes: values.get(timeMs) ?? 0 })).filter(({ bytes }) => bytes > 0)
    const deepest = sizes.at(-1)
    // The files of level 0 overlap, so that nothing is known while all data is there.
    if (deepest === undefined || deepest.level === 0) return []
    return [[timeMs, sizes.reduce((sum, { bytes }) => sum + bytes, 0) / deepest.bytes]]
  })
  return points.length === 0 ? [] : [{ key: 'space', labels: { ratio: 'space amplification' }, points }]
}

/** Returns the name of the metric of a series. */
export function nameOf({ metric, labels }: PointSeries): string {
  return metric ?? labels['__name__'] ?? ''
}
