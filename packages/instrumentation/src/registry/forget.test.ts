import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'
import { instrument, uninstrument } from '../instrument.ts'
import type { OperationRecorder } from '../operations/recorder.ts'
import { bindToMeter } from '../otel/bind-to-meter.ts'
import { DatabaseMetrics } from '../recorders/database-metrics.ts'
import { MetricsRegistry } from './registry.ts'

/** Returns the names of the metrics of a store, and their values. */
function metricsOf(registry: MetricsRegistry, store: string) {
  const metrics = registry.getAllMetrics().filter(({ labels }) => labels['store'] === store)
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]))
}

function startOf(registry: MetricsRegistry, metric: string): number | undefined {
  for (const { definition, series } of registry.families()) {
    if (definition.name === metric) return [...series.values()][0]?.startMs
  }
  return undefined
}

async function openStore(registry: MetricsRegistry, name: string) {
  const store = instrument(new MemoryLevel(), { registry, name })
  await store.put('a', '1')
  return store
}

test('the counters of a closed store stay for a last collection, and go on when it is opened again', async () => {
  const registry = new MetricsRegistry()
  const store = await openStore(registry, 'orders')
  await store.close()
  await registry.collectors.collectNow()
  expect(metricsOf(registry, 'orders')).toMatchObject({ db_set_operations_total: 1 })
  expect(metricsOf(registry, 'orders')).not.toHaveProperty('db_queue_depth')
  await store.open()
  await store.put('b', '2')
  expect(metricsOf(registry, 'orders')).toMatchObject({ db_set_operations_total: 2, db_queue_depth: 0 })
})

test('after the time for ended stores all series of a closed store are gone, and start again from 0 when it is opened', async () => {
  const registry = new MetricsRegistry({ endedStoreRetentionMs: 0 })
  const store = await openStore(registry, 'orders')
  const firstStart = startOf(registry, 'db_set_operations_total') as number
  await store.close()
  expect(metricsOf(registry, 'orders')).toEqual({})
  expect([...registry.families()].map(({ definition }) => definition.name)).toEqual(['wombat_monitor_forgotten_stores_total'])
  expect(registry.counter('wombat_monitor_forgotten_stores_total', { reason: 'ended' }).value).toBe(1)
  await registry.collectors.collectNow()
  expect(metricsOf(registry, 'orders')).toEqual({})
  await store.open()
  await store.put('b', '2')
  expect(metricsOf(registry, 'orders')).toMatchObject({
    db_set_operations_total: 1,
    db_get_operations_total: 0,
    db_queue_depth: 0,
  })
  expect(startOf(registry, 'db_set_operations_total')).toBeGreaterThan(firstStart)
})

test('another store with the name of one that was forgotten starts from 0', async () => {
  const registry = new MetricsRegistry({ endedStoreRetentionMs: 0 })
  const first = await openStore(registry, 'orders')
  await first.close()
  await openStore(registry, 'orders')
  expect(metricsOf(registry, 'orders')).toMatchObject({ db_set_operations_total: 1 })
  await first.open()
  await first.put('b', '2')
  expect(metricsOf(registry, 'orders')).toMatchObject({ db_set_operations_total: 2 })
})

test('series stay as long as one store with their name is in use, and also those of a store that was never closed end with it', async () => {
  const registry = new MetricsRegistry({ endedStoreRetentionMs: 0 })
  const first = await openStore(registry, 'orders')
  const second = await openStore(registry, 'orders')
  await first.close()
  expect(metricsOf(registry, 'orders')).toMatchObject({ db_set_operations_total: 2 })
  uninstrument(second)
  expect(metricsOf(registry, 'orders')).toEqual({})
})

test('operations that fail on a closed store are counted, although it was forgotten', async () => {
  const registry = new MetricsRegistry({ endedStoreRetentionMs: 0 })
  const store = await openStore(registry, 'orders')
  await store.close()
  registry.endedStoreRetentionMs = 300_000
  await registry.collectors.collectNow()
  expect(metricsOf(registry, 'orders')).toEqual({})
  const operations = [...registry.observer.operations].find(({ operation }) => operation === 'get') as OperationRecorder
  operations.recordFailure(0.001, { code: 'LEVEL_DATABASE_NOT_OPEN' })
  await registry.collectors.collectNow()
  expect(metricsOf(registry, 'orders')).toMatchObject({ db_get_operations_total: 1, db_get_errors_total: 1, db_errors_total: 1 })
})

test('a name of your own is forgotten on request, and what is recorded later counts from 0 under a later start', async () => {
  const registry = new MetricsRegistry()
  const database = new DatabaseMetrics(registry, { store: 'mine' })
  database.recordGet(1000, true)
  database.updateQueueDepth(3)
  const firstStart = startOf(registry, 'db_get_operations_total') as number
  expect(registry.forget('mine')).toBe(true)
  expect(registry.forget('mine')).toBe(false)
  expect(metricsOf(registry, 'mine')).toEqual({})
  expect(registry.counter('wombat_monitor_forgotten_stores_total', { reason: 'request' }).value).toBe(1)
  database.recordGet(1000, true)
  database.recordGet(1000, true)
  await registry.collectors.collectNow()
  expect(metricsOf(registry, 'mine')).toMatchObject({ db_get_operations_total: 2, db_set_operations_total: 0 })
  expect(startOf(registry, 'db_get_operations_total')).toBeGreaterThan(firstStart)
  database.updateQueueDepth(4)
  expect(metricsOf(registry, 'mine')).toMatchObject({ db_queue_depth: 4 })
})

test('a store that is open appears again with the next collection', async () => {
  const registry = new MetricsRegistry()
  const store = await openStore(registry, 'orders')
  registry.forget('orders')
  expect(metricsOf(registry, 'orders')).toEqual({})
  await registry.collectors.collectNow()
  expect(metricsOf(registry, 'orders')).toMatchObject({ db_set_operations_total: 0, db_queue_depth: 0 })
  await store.put('b', '2')
  expect(metricsOf(registry, 'orders')).toMatchObject({ db_set_operations_total: 1 })
})

test('of more than 200 ended stores, those that ended first are forgotten early, which is counted and said once', async () => {
  const registry = new MetricsRegistry()
  const said: string[] = []
  registry.warn = (message) => said.push(message)
  for (let index = 0; index < 203; index++) await (await openStore(registry, `store ${index}`)).close()
  expect(metricsOf(registry, 'store 2')).toEqual({})
  expect(metricsOf(registry, 'store 3')).toMatchObject({ db_set_operations_total: 1 })
  expect(registry.counter('wombat_monitor_forgotten_stores_total', { reason: 'limit' }).value).toBe(3)
  expect(said).toHaveLength(1)
})

test('listeners get the series of each store that is forgotten', async () => {
  const registry = new MetricsRegistry({ endedStoreRetentionMs: 0 })
  const heard: Array<readonly [string, number]> = []
  const stop = registry.onForget((store, series) => heard.push([store, series.length]))
  await (await openStore(registry, 'orders')).close()
  stop()
  await (await openStore(registry, 'others')).close()
  expect(heard).toEqual([['orders', expect.any(Number)]])
  expect(heard[0]?.[1]).toBeGreaterThan(20)
})

test('a meter of the application does not observe a forgotten store any more, and observes it again when it is opened', async () => {
  const registry = new MetricsRegistry({ endedStoreRetentionMs: 0 })
  const observed: unknown[] = []
  const provider = new MeterProvider()
  const meter = provider.getMeter('test')
  const { createObservableCounter } = meter
  meter.createObservableCounter = (name, options) => {
    const counter = createObservableCounter.call(meter, name, options)
    const { addCallback } = counter
    counter.addCallback = (callback) => {
      if (name === 'db_set_operations_total') callbacks.push(callback)
      addCallback.call(counter, callback)
    }
    return counter
  }
  const callbacks: Array<(result: never) => void> = []
  const unbind = bindToMeter(registry, meter)
  const observe = async (): Promise<unknown[]> => {
    observed.length = 0
    for (const callback of callbacks) {
      await callback({ observe: (value: number, labels: object) => observed.push([value, labels]) } as never)
    }
    return [...observed]
  }
  const store = await openStore(registry, 'orders')
  expect(await observe()).toEqual([[1, { store: 'orders' }]])
  await store.close()
  expect(await observe()).toEqual([])
  await store.open()
  await store.put('a', '1')
  expect(await observe()).toEqual([[1, { store: 'orders' }]])
  unbind()
  await provider.shutdown()
})

test('a retention that is no number is rejected', () => {
  expect(() => new MetricsRegistry({ endedStoreRetentionMs: -1 })).toThrow(
    'endedStoreRetentionMs must be a number of milliseconds of 0 or more, got -1',
  )
})
