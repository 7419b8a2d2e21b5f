import type { MetricName } from '@wombat/instrumentation'
import type { Snapshot } from '../collection/snapshot.ts'

/** A ratio computed from other metrics. It is not a metric itself, because ratios cannot be summed. */
export interface DerivedNumber {
  readonly name: 'db_write_amplification' | 'db_cache_hit_ratio' | 'db_space_amplification'
  readonly labels: { readonly store: string }
  readonly value: number
}

/** The metrics of one store: the sum of a metric's series, or its values by level. Undefined if the store does not have it. */
interface StoreNumbers {
  total(name: MetricName): number | undefined
  byLevel(name: MetricName): ReadonlyMap<number, number>
}

const formulas: Readonly<Record<DerivedNumber['name'], (store: StoreNumbers) => number | undefined>> = {
  /** Bytes written by flushes and compactions per byte flushed, since the counters started. */
  db_write_amplification: ({ total }) => {
    const flushed = total('db_flush_bytes_total')
    const compacted = total('db_compaction_output_bytes_total')
    return flushed === undefined || compacted === undefined ? undefined : ratio(flushed + compacted, flushed)
  },
  /** Share of block cache lookups that were hits, since the counters started. */
  db_cache_hit_ratio: ({ total }) => {
    const hits = total('db_cache_hits_total')
    const misses = total('db_cache_misses_total')
    return hits === undefined || misses === undefined ? undefined : ratio(hits, hits + misses)
  },
  /**
   * Bytes of all levels divided by those of the deepest, RocksDB's estimate: the deepest level contains each key once. Unknown if
   * all data is in level 0, because its files overlap.
   */
  db_space_amplification: ({ byLevel }) => {
    const filled = [...byLevel('db_level_bytes')].filter(([, bytes]) => bytes > 0)
    const deepest = Math.max(...filled.map(([level]) => level))
    if (!(deepest > 0)) return undefined
    return ratio(sum(filled.map(([, bytes]) => bytes)), byLevel('db_level_bytes').get(deepest))
  },
}

/** Returns the ratios of each store. A ratio is left out if a metric is missing or the divisor is 0. */
export function derivedNumbers(snapshot: Snapshot): DerivedNumber[] {
  return [...numbersByStore(snapshot)].flatMap(([store, numbers]) =>
    (Object.keys(formulas) as Array<DerivedNumber['name']>).flatMap((name) => {
      const value = formulas[name](numbers)
      return value === undefined ? [] : [{ name, labels: { store }, value }]
    }),
  )
}

function ratio(dividend: number, divisor: number | undefined): number | undefined {
  return divisor === undefined || divisor === 0 ? undefined : dividend / divisor
}

function sum(values: Iterable<number>): number {
  return Array.from(values).reduce((one, other) => one + other, 0)
}

function numbersByStore(snapshot: Snapshot): Map<string, StoreNumbers> {
  const stores = new Map<string, Map<string, Map<number, number>>>()
  for (const point of snapshot.eachPoint()) {
    const { store, level = -1 } = point.attributes
    if (!('value' in point) || typeof store !== 'string') continue
    const metrics = stores.get(store) ?? new Map<string, Map<number, number>>()
    stores.set(store, metrics)
    const levels = metrics.get(point.metric) ?? new Map<number, number>()
    metrics.set(point.metric, levels)
    levels.set(Number(level), (levels.get(Number(level)) ?? 0) + point.value)
  }
  return new Map([...stores].map(([store, metrics]) => [store, createStoreNumbers(metrics)]))
}

function createStoreNumbers(metrics: ReadonlyMap<string, ReadonlyMap<number, number>>): StoreNumbers {
  return {
    total: (name) => {
      const values = metrics.get(name)
      return values && sum(values.values())
    },
    byLevel: (name) => metrics.get(name) ?? new Map(),
  }
}
