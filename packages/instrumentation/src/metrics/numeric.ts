/** A number as a store counts it: engines and `process.hrtime.bigint()` speak BigInt, and the two may come mixed. */
export type Numeric = number | bigint

/**
 * The amount as a plain number. NaN for whatever is none, so that the metric refuses it: `Number(null)` would be 0, which
 * nobody measured, and `Number(Symbol())` throws in the store's path.
 */
export function toNumber(amount: unknown): number {
  if (typeof amount === 'number') return amount
  return typeof amount === 'bigint' ? Number(amount) : Number.NaN
}

/** The sum of the parts that are known; undefined where none is: unknown is not 0. */
export function sumKnown(parts: ReadonlyArray<Numeric | undefined>): number | undefined {
  const known = parts.filter(isDefined)
  return known.length === 0 ? undefined : known.reduce<number>((sum, part) => sum + toNumber(part), 0)
}

/** Whether there is an amount at all; JavaScript callers say null as well. */
export function isDefined<Known>(amount: Known | undefined | null): amount is Known {
  return amount !== undefined && amount !== null
}
