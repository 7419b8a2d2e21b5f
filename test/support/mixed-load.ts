import { type MetricsRegistry, operations } from '@wombat/instrumentation'

/** Returns a generator of numbers from 0 to 1 that depends on the seed only: a linear congruential generator (Numerical Recipes). */
function linearRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const stores = ['orders', 'users', 'say "no" to C:\\temp\nand more'] as const
const errorTypes = ['_OTHER', 'LEVEL_IO_ERROR'] as const

/**
 * Records a mixture of counters, gauges, histograms and a summary. All values are multiples of 2^-20, so sums are exact in
 * every order of addition.
 */
export function recordMixedLoad(registry: MetricsRegistry, seed: number, times = 2000): void {
  const next = linearRandom(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T
  const positive = (): number => Math.ceil(2 ** (22 * next())) / 2 ** 20
  declareOwn(registry)
  for (let done = 0; done < times; done++) {
    const store = pick(stores)
    const operation = pick(operations)
    registry.incrementCounter(`db_${operation}_operations_total`, 1, { store })
    registry.recordHistogram(`db_${operation}_latency_seconds`, next() < 0.01 ? 0 : positive(), { store })
    if (next() < 0.1) registry.incrementCounter('db_errors_total', 1, { store, operation, error_type: pick(errorTypes) })
    if (next() < 0.2) registry.setGaugeWithLabels('db_level_files', Math.floor(next() * 100), { store, level: pick(['0', '1']) })
    if (next() < 0.1) registry.recordHistogram('db_compaction_write_amplification', positive(), { store })
    registry.incrementCounter('cart_checkouts_total', positive())
    registry.recordHistogram('cart_page_seconds', positive())
    registry.setGauge('cart_balance_bytes', next() - 0.5)
  }
}

/** Declares custom metrics: no labels, custom bounds, a summary. */
function declareOwn(registry: MetricsRegistry): void {
  registry
    .declare({ name: 'cart_checkouts_total', kind: 'counter', unit: '{checkout}', description: 'Checkouts.', attributes: [] })
    .declare({ name: 'cart_page_seconds', kind: 'summary', unit: 's', description: 'Time for a page.', attributes: [] })
    .declare({ name: 'cart_balance_bytes', kind: 'gauge', unit: 'By', description: 'Can be below zero.', attributes: [] })
}
