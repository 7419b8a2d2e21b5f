import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { DatabaseMetrics, MetricsRegistry, StorageMetrics } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { SnapshotReader } from '../collection/snapshot-reader.ts'
import { derivedNumbers } from './derived.ts'

function monitored() {
  const registry = new MetricsRegistry()
  const reader = new SnapshotReader()
  const meter = new MeterProvider({ readers: [reader] }).getMeter('application')
  reader.follow(registry)
  const store = (name: string) => ({
    database: new DatabaseMetrics(registry, { store: name }),
    storage: new StorageMetrics(registry, { store: name }),
  })
  return { store, meter, derived: async () => derivedNumbers(await reader.take()) }
}

const labels = { store: 'orders' }

test('write amplification is the bytes written divided by the bytes flushed', async () => {
  const { store, derived } = monitored()
  const { storage } = store('orders')
  storage.recordFlush(1000, 5)
  expect(await derived()).toEqual([])
  storage.recordCompaction(0, 4, 2, 2000, 1500, 250)
  expect(await derived()).toEqual([{ name: 'db_write_amplification', labels, value: 2.5 }])
})

test('the cache hit ratio is hits divided by lookups, and unknown before the first lookup', async () => {
  const { store, derived } = monitored()
  const { database } = store('orders')
  database.updateCacheUse(0, 0)
  expect(await derived()).toEqual([])
  database.updateCacheUse(3, 1)
  expect(await derived()).toEqual([{ name: 'db_cache_hit_ratio', labels, value: 0.75 }])
})

test('space amplification is all levels divided by the deepest, and unknown while all data is in level 0', async () => {
  const { store, derived } = monitored()
  const { storage } = store('orders')
  storage.updateLevelStats(0, 3, 100)
  storage.updateLevelStats(2, 0, 0)
  expect(await derived()).toEqual([])
  storage.updateLevelStats(1, 5, 400)
  expect(await derived()).toEqual([{ name: 'db_space_amplification', labels, value: 1.25 }])
})

test('each store has its own ratios, and without flushed bytes there is none', async () => {
  const { store, derived } = monitored()
  const [orders, users] = [store('orders'), store('users')]
  orders.storage.recordFlush(0, 5)
  orders.storage.recordCompaction(0, 0, 0, 0, 0, 1)
  orders.database.updateCacheUse(1, 1)
  users.database.updateCacheUse(0, 4)
  expect(await derived()).toEqual([
    { name: 'db_cache_hit_ratio', labels, value: 0.5 },
    { name: 'db_cache_hit_ratio', labels: { store: 'users' }, value: 0 },
  ])
})

test('metrics without a store, or that are not numbers, have no ratios', async () => {
  const { meter, derived } = monitored()
  meter.createCounter('db_cache_hits_total').add(1)
  meter.createHistogram('db_cache_misses_total').record(1, { store: 'orders' })
  expect(await derived()).toEqual([])
})
