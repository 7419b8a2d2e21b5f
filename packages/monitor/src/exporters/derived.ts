import type { MetricName } from '@wombat/instrumentation'
import type { Snapshot } from '../collection/snapshot.ts'

/** A number that follows from others: shown for reading, and no metric, because quotients of two moments cannot be added up. */
export interface DerivedNumber {
  readonly name: 'db_write_amplification' | 'db_cache_hit_ratio' | 'db_space_amplification'
  readonly labels: { readonly store: string }
  readonly value: number
}

/** A store's metrics: the sum of a metric's series, or its values by level; undefined where the store does not give it. */
interface StoreNumbers {
  total(name: MetricName): number | undefined
  byLevel(name: MetricName): ReadonlyMap<number, number>
}

const formulas: Readonly<Record<DerivedNumber['name'], (store: StoreNumbers) => number | undefined>> = {
  /** Bytes that flushes and compactions wrote, for each byte that was flushed; since the counters began. */
  db_write_amplification: ({ total }) => {
    const flushed = total('db_flush_bytes_total')
    const compacted = total('db_compaction_output_bytes_total')
    return flushed === undefined || compacted === undefined ? undefined : quotient(flushed + compacted, flushed)
  },
  /** Share of the lookups in the block cache that found their block; since the counters began. */
  db_cache_hit_ratio: ({ total }) => {
    const hits = total('db_cache_hits_total')
    const misses = total('db_cache_misses_total')
    return hits === undefined || misses === undefined ? undefined : quotient(hits, hits + misses)
  },
  /**
   * Bytes of all levels over those of the deepest: what RocksDB takes for an estimate, as the deepest level holds each key once.
   * Unknown while all is in level 0, whose files overlap.
   */
  db_space_amplification: ({ byLevel }) => {
    const filled = [...byLevel('db_level_bytes')].filter(([, bytes]) => bytes > 0)
    const deepest = Math.max(...filled.map(([level]) => level))
    if (!(deepest > 0)) return undefined
    return quotient(sum(filled.map(([, bytes]) => bytes)), byLevel('db_level_bytes').get(deepest))
  },
}

/** What follows from a snapshot for each store. What a part is missing for, or what would be divided by 0, is left out. */
export function derivedNumbers(snapshot: Snapshot): DerivedNumber[] {
  return [...numbersByStore(snapshot)].flatMap(([store, numbers]) =>
    (Object.keys(formulas) as Array<DerivedNumber['name']>).flatMap((name) => {
      const value = formulas[name](numbers)
      return value === undefined ? [] : [{ name, labels: { store }, value }]
    }),
  )
}

function quotient(over: number, under: number | undefined): number | undefined {
  return under === undefined || under === 0 ? undefined : over / under
}

function sum(values: Iterable<number>): number {
  return Array.from(values).reduce((one, other) => one + other, 0)
}

function numbersByStore({ points }: Snapshot): Map<string, StoreNumbers> {
  const stores = new Map<string, Map<string, Map<number, number>>>()
  for (const point of points) {
    const { store, level = -1 } = point.attributes
    if (!('value' in point) || typeof store !== 'string') continue
    const metrics = stores.get(store) ?? new Map<string, Map<number, number>>()
    stores.set(store, metrics)
    const levels = metrics.get(point.metric) ?? new Map<number, number>()
    metrics.set(point.metric, levels)
    levels.set(Number(level), (levels.get(Number(level)) ?? 0) + point.value)
  }
  return new Map([...stores].map(([store, metrics]) => [store, storeNumbers(metrics)]))
}

function storeNumbers(metrics: ReadonlyMap<string, ReadonlyMap<number, number>>): StoreNumbers {
  return {
    total: (name) => {
      const values = metrics.get(name)
      return values && sum(values.values())
    },
    byLevel: (name) => metrics.get(name) ?? new Map(),
  }
}
