import { Keyv, KeyvMemoryAdapter } from 'keyv'
import { expect, test } from 'vitest'
import { instrument, uninstrument } from '../../instrument.ts'
import { MetricsRegistry } from '../../registry/registry.ts'
import { readMeasured } from '../../testing/index.ts'
import { keyv as adapter } from './keyv.ts'

function measure(store: Keyv) {
  const registry = new MetricsRegistry()
  instrument(store, { name: 'cache', registry })
  const value = (name: string) => registry.getAllMetrics().find((metric) => metric.name === name)?.value
  return { store, registry, value }
}

/** The smallest backend that Keyv accepts. */
class Backend {
  async get(): Promise<void> {}
  async set(): Promise<void> {}
  async delete(): Promise<void> {}
  async clear(): Promise<void> {}
}

test('gauges exist until disconnect, and again after the next call', async () => {
  const { store, value } = measure(new Keyv())
  expect(value('db_queue_depth')).toBe(0)
  await store.disconnect()
  expect(value('db_queue_depth')).toBeUndefined()
  await store.get('a')
  expect(value('db_queue_depth')).toBe(0)
})

test('it exports its engine metrics at 0 from the start, the metrics of its operations, and no others', () => {
  const { registry } = measure(new Keyv())
  const always =
    /^db_(.*_(operations|latency|errors|entries)_.*|queue_depth|oldest_operation_age_seconds|open_iterators|oldest_iterator_age_seconds|abandoned_iterators_total|store_info)$/
  const own = registry.getAllMetrics().filter(({ name }) => name === 'db_background_errors_total' || !always.test(name))
  expect(own.map(({ name, value }) => [name, value]).sort()).toEqual(
    adapter.engineMetrics['memory']?.map((name) => [name, 0]).sort(),
  )
})

test("the engine is the backend's if it is one of Keyv's own, and otherwise keyv", () => {
  const engineOf = (store: Keyv) => {
    const { registry } = measure(store)
    return registry.getAllMetrics().find(({ name }) => name === 'db_store_info')?.labels['engine']
  }
  class KeyvRedis extends Backend {}
  expect(engineOf(new Keyv())).toBe('memory')
  expect(engineOf(new Keyv({ store: new KeyvRedis() }))).toBe('redis')
  expect(engineOf(new Keyv({ store: new Backend() }))).toBe('keyv')
})

test('after uninstrument no errors are counted', async () => {
  const backend = new KeyvMemoryAdapter(new Map())
  const { store, registry, value } = measure(new Keyv({ store: backend }))
  store.on('error', () => {})
  uninstrument(store)
  backend.emit('error', new Error('alone'))
  expect(await store.set('a', Symbol('a'))).toBe(false)
  expect(value('db_background_errors_total')).toBe(0)
  expect(readMeasured(registry, 'cache').set).toEqual({ operations: 0, errors: 0 })
})
