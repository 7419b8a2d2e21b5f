import type { StoreState } from '../../api/types.ts'
import { statusRank } from '../../components/status.tsx'

/** The orders that are offered, as people call them. */
export const storeOrders = {
  worst: 'worst first',
  name: 'name',
  operations: 'operations per second',
  p99: 'P99',
  errors: 'errors',
  size: 'size',
} as const
export type StoreOrder = keyof typeof storeOrders
export type StoreFilter = 'all' | 'problems' | 'healthy'

/** Returns the stores that fit, in an order. Stores without a value come last; equal ones are sorted by name. */
export function arrangeStores(
  stores: readonly StoreState[],
  { search, order, filter }: { readonly search: string; readonly order: StoreOrder; readonly filter: StoreFilter },
): readonly StoreState[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  const fitting = stores.filter((store) => {
    const text = `${store.store} ${store.engine ?? ''} ${store.adapter ?? ''}`.toLowerCase()
    const hasProblem = isProblem(store)
    return words.every((word) => text.includes(word)) && (filter === 'all' || hasProblem === (filter === 'problems'))
  })
  const value = values[order] ?? values.worst
  return fitting.sort((a, b) => value(b) - value(a) || a.store.localeCompare(b.store, 'en', { numeric: true }))
}

function isProblem({ health, firing }: StoreState): boolean {
  return firing > 0 || statusRank(health) > statusRank('unknown')
}

/** What a store is sorted by, the greatest first. */
const values: Readonly<Record<StoreOrder, (store: StoreState) => number>> = {
  // The status decides, then alerts, then errors. Latencies of different engines say little beside each other.
  worst: ({ health, firing, pending, errorShare = 0 }) =>
    statusRank(health) * 1e6 + Math.min(firing, 999) * 1e3 + Math.min(pending, 99) + errorShare,
  name: () => 0,
  operations: ({ operationsPerSecond = -1 }) => operationsPerSecond,
  p99: ({ p99Seconds = -1 }) => p99Seconds,
  errors: ({ errorsPerSecond = -1 }) => errorsPerSecond,
  size: ({ sizeBytes = -1 }) => sizeBytes,
}
