import type { StoreContext } from '../operations/store-context.ts'

/**
 * The operations of each store that is measured, for those who reach it on another store's behalf: a sublevel's database, a
 * Map behind a Keyv. What they do there that is no operation of the store's users must not be counted there either.
 */
export const operationsOf = new WeakMap<object, StoreContext>()

/** Runs what is no operation of this store's users, whether it is measured or not. */
export function withoutMeasuring<Result>(store: object, run: () => Result): Result {
  const operations = operationsOf.get(store)
  return operations === undefined ? run() : operations.withoutMeasuring(run)
}
