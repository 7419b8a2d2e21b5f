import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test, vi } from 'vitest'
import type { StoreAdapter } from '../adapters/adapter.ts'
import { instrument, uninstrument } from '../instrument.ts'
import { MetricsRegistry } from './registry.ts'
import type { StoreState } from './store-binding.ts'

class Shelf {
  state: StoreState = 'open'
  books = 3
}

/** An adapter with a gauge that references the store, a collector and a resource. */
function createAdapter() {
  const resource = { close: vi.fn() }
  const collect = vi.fn()
  const adapter: StoreAdapter<Shelf> = {
    name: 'shelf',
    operations: ['get'],
    optionalOperations: ['get'],
    engineMetrics: { wood: ['db_entries'] },
    errorCodes: new Set(),
    matches: (store) => store instanceof Shelf,
    engine: () => 'wood',
    instrument(shelf, context) {
      context.observeGauge('db_entries', () => shelf.books)
      context.closeOnRelease(resource)
      return { state: () => shelf.state, collect: () => collect(shelf.books), detach() {} }
    },
  }
  return { adapter, resource, collect }
}

function readGauges(registry: MetricsRegistry): string[] {
  return registry.getAllMetrics().flatMap(({ type, name }) => (type === 'gauge' ? [name] : []))
}

const allGauges = ['db_store_info', 'db_queue_depth', 'db_oldest_operation_age_seconds', 'db_entries']

test('gauges are exported while the store is opening or open', () => {
  const registry = new MetricsRegistry()
  const shelf = instrument(new Shelf(), { registry, adapter: createAdapter().adapter })
  const exported: Array<[StoreState, string[]]> = []
  for (const state of ['opening', 'open', 'closed', 'failed'] as const) {
    shelf.state = state
    exported.push([state, readGauges(registry)])
  }
  expect(exported).toEqual([
    ['opening', allGauges],
    ['open', allGauges],
    ['closed', []],
    ['failed', []],
  ])
})

test('uninstrument removes gauges and collector, and closes resources once', async () => {
  const registry = new MetricsRegistry()
  const { adapter, resource, collect } = createAdapter()
  const shelf = instrument(new Shelf(), { registry, adapter })
  await registry.collectors.collectNow()
  expect(collect.mock.calls).toEqual([[3]])
  expect(uninstrument(shelf)).toBe(true)
  await registry.collectors.collectNow()
  expect(collect).toHaveBeenCalledTimes(1)
  expect(resource.close).toHaveBeenCalledTimes(1)
  expect(readGauges(registry)).toEqual([])
})

test('a dropped store with gauges and a collector is garbage collected, and its resources are closed', async () => {
  const registry = new MetricsRegistry()
  const { adapter, resource, collect } = createAdapter()
  const instrumentAndDrop = (): WeakRef<object> => new WeakRef(instrument(new Shelf(), { registry, adapter }))
  const dropped = instrumentAndDrop()
  expect(readGauges(registry)).toEqual(allGauges)
  await registry.collectors.collectNow()
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  for (let tries = 0; tries < 50 && resource.close.mock.calls.length === 0; tries++) {
    await sleep(1)
    collectGarbage()
  }
  expect(dropped.deref()).toBeUndefined()
  expect(resource.close).toHaveBeenCalledTimes(1)
  expect(readGauges(registry)).toEqual([])
  await registry.collectors.collectNow()
  expect(collect).toHaveBeenCalledTimes(1)
})

test('a resource that fails to close does not keep the others open', () => {
  const { adapter, resource } = createAdapter()
  resource.close.mockImplementation(() => {
    throw new Error('busy')
  })
  const registry = new MetricsRegistry()
  const shelf = instrument(new Shelf(), { registry, adapter })
  expect(uninstrument(shelf)).toBe(true)
  expect(readGauges(registry)).toEqual([])
  expect(registry.stores.list()).toEqual([])
})

test.each(['state', 'directory', 'probe', 'gauge'] as const)(
  'a failing look-up (%s) leaves its value absent, is counted, and is said once',
  (part) => {
    const fail = (): never => {
      throw Object.assign(new Error('/secret/path'), { code: 'EACCES' })
    }
    let isFailing = false
    const adapter: StoreAdapter<Shelf> = {
      name: 'shelf',
      operations: [],
      engineMetrics: {},
      errorCodes: new Set(),
      matches: (store) => store instanceof Shelf,
      engine: () => 'wood',
      instrument(_shelf, context) {
        const answer = <Value>(name: string, value: Value): Value => (isFailing && part === name ? fail() : value)
        context.observeGauge('db_entries', () => answer('gauge', 3))
        return {
          state: () => answer('state', 'open' as const),
          directory: () => answer('directory', undefined),
          probe: () => answer('probe', undefined),
          detach() {},
        }
      },
    }
    const registry = new MetricsRegistry()
    const warnings: string[] = []
    registry.warn = (message) => warnings.push(message)
    instrument(new Shelf(), { name: 'novels', registry, adapter })
    isFailing = true
    for (let times = 0; times < 2; times++) {
      const [store] = registry.stores.list()
      expect(store?.state()).toBe(part === 'state' ? 'closed' : 'open')
      expect([store?.directory(), store?.probe()]).toEqual([undefined, undefined])
      expect(readGauges(registry).includes('db_entries')).toBe(part === 'directory' || part === 'probe')
    }
    const failures = registry.getAllMetrics().find(({ name }) => name === 'wombat_monitor_source_failures_total')?.value
    expect(failures).toBeGreaterThanOrEqual(2)
    const what = { state: 'state', directory: 'folder', probe: 'health probe', gauge: 'db_entries' }[part]
    expect(warnings).toEqual([
      `the ${what} of store "novels" cannot be read and is absent, further failures are only counted: EACCES`,
    ])
  },
)
