/** A number or a BigInt: `process.hrtime.bigint()` and some engines return BigInts, and callers mix both. */
export type Numeric = number | bigint

/**
 * Returns the amount as a number, and NaN for any other type, so that the metric rejects it. `Number()` is not used:
 * `Number(null)` is 0, which was never measured, and `Number(Symbol())` throws into the store's caller.
 */
export function toNumber(amount: unknown): number {
  if (typeof amount === 'number') return amount
  return typeof amount === 'bigint' ? Number(amount) : Number.NaN
}

/** Returns the sum of the known parts; `undefined` if all are unknown, because unknown is not 0. */
export function sumKnown(parts: ReadonlyArray<Numeric | undefined>): number | undefined {
  const knownParts = parts.filter(isDefined)
  return knownParts.length === 0 ? undefined : knownParts.reduce<number>((sum, part) => sum + toNumber(part), 0)
}

/** Returns whether there is an amount. `null` counts as none: callers without types pass it. */
export function isDefined<Known>(amount: Known | undefined | null): amount is Known {
  return amount !== undefined && amount !== null
}
