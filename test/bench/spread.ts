/** The median of many measurements, and the bounds of their middle 80 %. */
export interface Spread {
  readonly median: number
  readonly p10: number
  readonly p90: number
}

/** Returns the spread of measurements. Uses no mean: one pause of the garbage collector or of the machine would change it. */
export function computeSpread(measurements: readonly number[]): Spread {
  return { median: quantile(measurements, 0.5), p10: quantile(measurements, 0.1), p90: quantile(measurements, 0.9) }
}

/** Returns the quantile of measurements, interpolated between neighbors. */
export function quantile(measurements: readonly number[], share: number): number {
  const sorted = measurements.toSorted((a, b) => a - b)
  const position = share * (sorted.length - 1)
  const below = Math.floor(position)
  const low = sorted[below] ?? Number.NaN
  const high = sorted[below + 1] ?? low
  return low + (high - low) * (position - below)
}
