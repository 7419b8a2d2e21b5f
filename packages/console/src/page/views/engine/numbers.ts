import type { InstantSeries } from '../../api/types.ts'

/** Returns the sum of a metric's series; undefined if it has none. */
export function totalOf(series: readonly InstantSeries[], metric: string): number | undefined {
  const values = series.flatMap(({ metric: name, value }) => (name === metric && typeof value === 'number' ? [value] : []))
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0)
}

/** Returns the ratio of two numbers; undefined if one is unknown or the divisor is 0. */
export function ratioOf(dividend: number | undefined, divisor: number | undefined): number | undefined {
  return dividend === undefined || divisor === undefined || divisor === 0 ? undefined : dividend / divisor
}

/** Returns the sum of two numbers; undefined if one of them is unknown. */
export function sumOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other
}
