/** The middle of many measurements and the span that holds all but the lowest and the highest tenth of them. */
export interface Spread {
  readonly median: number
  readonly p10: number
  readonly p90: number
}

/** Means are not used: one pause of the garbage collector or of the machine would move them. */
export function spreadOf(measurements: readonly number[]): Spread {
  const sorted = measurements.toSorted((a, b) => a - b)
  return { median: at(sorted, 0.5), p10: at(sorted, 0.1), p90: at(sorted, 0.9) }
}

/** Between two measurements, the point that divides them as the share says. */
function at(sorted: readonly number[], share: number): number {
  const position = share * (sorted.length - 1)
  const below = Math.floor(position)
  const low = sorted[below] ?? Number.NaN
  const high = sorted[below + 1] ?? low
  return low + (high - low) * (position - below)
}
