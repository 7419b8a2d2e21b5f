import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { expect, test, vi } from 'vitest'
import type { StoreAdapter } from './adapters/adapter.ts'
import { type InstrumentOptions, instrument, storeAdapters, uninstrument } from './instrument.ts'
import { wrapMethods } from './operations/wrap-method.ts'
import { MetricsRegistry } from './registry/registry.ts'
import { readMeasured } from './testing/index.ts'

/** The shape of abstract-level 1: callbacks, and no hooks. */
class OldLevel {
  status = 'open'
  supports = {}
  _open(): void {}
  _get(): void {}
  _put(): void {}
  _del(): void {}
  _batch(): void {}
  _iterator(): void {}
  sublevel(): void {}
}

const unsupported: Record<string, [store: unknown, message: string]> = {
  null: [null, 'null'],
  undefined: [undefined, 'undefined'],
  'a path': ['./orders', './orders'],
  'a number': [5, '5'],
  'a symbol': [Symbol('store'), 'Symbol(store)'],
  'a plain object': [{}, 'an object of class Object'],
  'an object without a prototype': [Object.create(null), 'an object of class unknown'],
  'an array': [[], 'an object of class Array'],
  'a class instead of its instance': [ClassicLevel, 'the function ClassicLevel'],
  'an abstract-level 1 database': [new OldLevel(), 'an object of class OldLevel'],
}

for (const [what, [store, described]] of Object.entries(unsupported)) {
  test(`${what} cannot be instrumented, and the error names it and what to do`, () => {
    const act = (): unknown => instrument(store as object, { registry: new MetricsRegistry() })
    expect(act).toThrow(TypeError)
    expect(act).toThrow(`cannot instrument ${described}: supported stores are abstract-level`)
    expect(act).toThrow(/for a store of your own pass an adapter, or use DatabaseMetrics$/)
  })
}

const options: Record<string, [options: InstrumentOptions, message: RegExp]> = {
  'a registry and a meterProvider': [
    { registry: new MetricsRegistry(), meterProvider: new MeterProvider() },
    /^registry excludes meterProvider and semconv: the registry has its own$/,
  ],
  'a registry and a semconv': [{ registry: new MetricsRegistry(), semconv: 'otel' }, /^registry excludes/],
  'an unknown semconv': [
    { semconv: 'new' as 'otel', meterProvider: new MeterProvider() },
    /semconv must be "wombat", "otel" or "both", got "new"/,
  ],
  'an empty name': [{ name: '' }, /^name: label store must not be empty/],
  'a name that is no string': [{ name: 5 as never }, /^name: label store must be a string, got number$/],
  'a name that is too long': [{ name: 'x'.repeat(2000) }, /^name: label store must have at most 1024 characters, got 2000$/],
  'another kind of registry': [
    { registry: new Map() as never },
    /^registry must be a MetricsRegistry, got an object of class Map$/,
  ],
  'another kind of meterProvider': [
    { meterProvider: {} as never },
    /^meterProvider must be a MeterProvider, got an object of class Object$/,
  ],
}

for (const [what, [given, message]] of Object.entries(options)) {
  test(`${what} is rejected, and leaves the store as it was`, async () => {
    const db = new MemoryLevel()
    const keys = Reflect.ownKeys(db)
    expect(() => instrument(db, given)).toThrow(message)
    expect(Reflect.ownKeys(db)).toEqual(keys)
    await db.close()
  })
}

test('a store without a name is called default', async () => {
  const registry = new MetricsRegistry()
  const db = instrument(new MemoryLevel(), { registry })
  await db.put('a', '1')
  expect(readMeasured(registry, 'default').set).toEqual({ operations: 1, errors: 0 })
  await db.close()
})

test('instrumenting a store again changes nothing, whatever the name', async () => {
  const [first, second] = [new MetricsRegistry(), new MetricsRegistry()]
  const db = instrument(new MemoryLevel(), { name: 'first', registry: first })
  expect(instrument(db, { name: 'second', registry: second })).toBe(db)
  await db.put('a', '1')
  expect(readMeasured(first, 'first').set).toEqual({ operations: 1, errors: 0 })
  expect(second.getAllMetrics()).toEqual([])
  await db.close()
})

test('two copies of this package measure a store once, and each can uninstrument it', async () => {
  vi.resetModules()
  const copy = await import('./instrument.ts')
  expect(copy.instrument).not.toBe(instrument)
  const registry = new MetricsRegistry()
  const db = instrument(new MemoryLevel(), { name: 'db', registry })
  expect(copy.instrument(db, { name: 'db', registry })).toBe(db)
  await db.put('a', '1')
  expect(readMeasured(registry, 'db').set).toEqual({ operations: 1, errors: 0 })
  expect(copy.uninstrument(db)).toBe(true)
  await db.put('a', '1')
  expect(readMeasured(registry, 'db').set).toEqual({ operations: 1, errors: 0 })
  await db.close()
})

test('uninstrument returns false for a store that is not measured, and a store can be measured again', async () => {
  const registry = new MetricsRegistry()
  const db = new MemoryLevel()
  expect(uninstrument(db)).toBe(false)
  for (let times = 1; times <= 2; times++) {
    instrument(db, { name: 'db', registry })
    await db.put('a', '1')
    expect(uninstrument(db)).toBe(true)
    expect(readMeasured(registry, 'db').set).toEqual({ operations: times, errors: 0 })
  }
  await db.close()
})

class Box {
  content: unknown
  put(content: unknown): this {
    this.content = content
    return this
  }
}

const boxes: StoreAdapter<Box> = {
  name: 'box',
  operations: ['set'],
  engineMetrics: { wood: ['db_sstable_bytes'] },
  errorCodes: new Set(),
  matches: (store) => store instanceof Box,
  engine: () => 'wood',
  instrument: (box, context) => ({
    state: () => 'open',
    collect: () => context.registry.setGaugeWithLabels('db_sstable_bytes', Number(box.content), { store: context.name }),
    detach: wrapMethods(box, context, { put: 'set' }),
  }),
}

test('the option adapter measures a store without a built-in adapter', () => {
  const registry = new MetricsRegistry()
  const box = instrument(new Box(), { name: 'box', registry, adapter: boxes })
  expect(box.put(5)).toBe(box)
  expect(readMeasured(registry, 'box')).toEqual({ set: { operations: 1, errors: 0 } })
})

test('the option adapter must match the store', () => {
  expect(() => instrument(new MemoryLevel(), { adapter: boxes, registry: new MetricsRegistry() })).toThrow(
    /^cannot instrument an object of class MemoryLevel: adapter "box" does not match it$/,
  )
})

test('a store that two built-in adapters match is an error that names both', () => {
  const store = Object.assign(new Map(), { isOpen: true, prepare() {}, exec() {}, close() {} })
  const registry = new MetricsRegistry()
  const message = /^cannot instrument an object of class Map: the adapters sqlite and map match it; pass the option adapter/
  expect(() => instrument(store, { registry })).toThrow(message)
  const map = storeAdapters.find(({ name }) => name === 'map')
  if (map === undefined) throw new Error('the adapter map is missing')
  instrument(store, { registry, adapter: map }).set('a', 1)
  expect(readMeasured(registry, 'default').set).toEqual({ operations: 1, errors: 0 })
})

test('collect of the binding runs before each collection until uninstrument', async () => {
  const registry = new MetricsRegistry()
  const box = instrument(new Box(), { name: 'box', registry, adapter: boxes })
  const collect = async (): Promise<unknown[]> => {
    await registry.collectors.collectNow()
    return registry.getAllMetrics().flatMap(({ name, value }) => (name === 'db_sstable_bytes' ? [value] : []))
  }
  box.put(5)
  expect(await collect()).toEqual([5])
  box.put(6)
  expect(await collect()).toEqual([6])
  uninstrument(box)
  box.put(7)
  expect(await collect()).toEqual([6])
})

test('an adapter that throws leaves the store as it was, and the store can be instrumented again', () => {
  const registry = new MetricsRegistry()
  const store = { get: () => 1 }
  const { get } = store
  const adapter = (fails: boolean): StoreAdapter<typeof store> => ({
    name: 'own',
    operations: ['get'],
    engineMetrics: {},
    errorCodes: new Set(),
    matches: (one): one is typeof store => one === store,
    engine: () => 'own',
    instrument(one, context) {
      const detach = wrapMethods(one, context, { get: 'get' })
      if (fails) throw new Error('no engine')
      return { state: () => 'open', detach }
    },
  })
  expect(() => instrument(store, { registry, adapter: adapter(true) })).toThrow('no engine')
  expect(store.get).toBe(get)
  expect(registry.getAllMetrics().map(({ name }) => name)).not.toContain('db_store_info')
  instrument(store, { registry, adapter: adapter(false) }).get()
  expect(registry.counter('db_get_operations_total', { store: 'default' }).value).toBe(1)
  expect(uninstrument(store)).toBe(true)
})
