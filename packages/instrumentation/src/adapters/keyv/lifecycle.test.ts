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

/** The least that Keyv takes for a backend. */
class Backend {
  async get(): Promise<void> {}
  async set(): Promise<void> {}
  async delete(): Promise<void> {}
  async clear(): Promise<void> {}
}

test('it is shown until it is disconnected, and again when it is used again', async () => {
  const { store, value } = measure(new Keyv())
  expect(value('db_queue_depth')).toBe(0)
  await store.disconnect()
  expect(value('db_queue_depth')).toBeUndefined()
  await store.get('a')
  expect(value('db_queue_depth')).toBe(0)
})

test('what it supplies is there beside the operations, at 0 from the start, and nothing else', () => {
  const { registry } = measure(new Keyv())
  const always =
    /^db_(.*_(operations|latency|errors|entries)_.*|queue_depth|oldest_operation_age_seconds|open_iterators|store_info)$/
  const own = registry.getAllMetrics().filter(({ name }) => name === 'db_background_errors_total' || !always.test(name))
  expect(own.map(({ name, value }) => [name, value])).toEqual(adapter.engineMetrics['memory']?.map((name) => [name, 0]))
})

test('the engine is the backend where that is one of those that Keyv names, and keyv elsewhere', () => {
  const engineOf = (store: Keyv) => {
    const { registry } = measure(store)
    return registry.getAllMetrics().find(({ name }) => name === 'db_store_info')?.labels['engine']
  }
  class KeyvRedis extends Backend {}
  expect(engineOf(new Keyv())).toBe('memory')
  expect(engineOf(new Keyv({ store: new KeyvRedis() }))).toBe('redis')
  expect(engineOf(new Keyv({ store: new Backend() }))).toBe('keyv')
})

test('measured no more, errors are counted nowhere', async () => {
  const backend = new KeyvMemoryAdapter(new Map())
  const { store, registry, value } = measure(new Keyv({ store: backend }))
  store.on('error', () => {})
  uninstrument(store)
  backend.emit('error', new Error('alone'))
  expect(await store.set('a', Symbol('a'))).toBe(false)
  expect(value('db_background_errors_total')).toBe(0)
  expect(readMeasured(registry, 'cache').set).toEqual({ operations: 0, errors: 0 })
})
