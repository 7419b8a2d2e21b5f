import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { ClassicLevel } from 'classic-level'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { StoreAdapter } from './adapters/adapter.ts'
import { type InstrumentOptions, instrument, instrumentFound, storeAdapters, uninstrument } from './instrument.ts'
import { wrapMethods } from './operations/wrap-method.ts'
import { MetricsRegistry } from './registry/registry.ts'
import { readMeasured } from './testing/index.ts'

/** A store with the methods of abstract-leveldown before it had a status. */
class OldLevel {
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
  'a path': ['./orders', '"./orders"'],
  'a number': [5, '5'],
  'a symbol': [Symbol('store'), 'Symbol(store)'],
  'a plain object': [{}, 'an object of class Object'],
  'an object without a prototype': [Object.create(null), 'an object of class unknown'],
  'an array': [[], 'an array'],
  'a class instead of its instance': [ClassicLevel, 'the function ClassicLevel'],
  'a database without a status': [new OldLevel(), 'an object of class OldLevel'],
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
  'bySublevel that is no boolean': [{ bySublevel: 'yes' as never }, /^bySublevel must be true or false, got "yes"$/],
  'a name instead of options': [
    'orders' as never,
    /^instrument\(\): the options must be an object such as \{ name: 'orders' \}, got "orders"$/,
  ],
  'null instead of options': [null as never, /^instrument\(\): the options must be an object .*, got null$/],
  'a registry instead of options': [
    new MetricsRegistry() as never,
    /^instrument\(\): there are no options .*warn.*; the options are name, adapter, bySublevel, statements, meterProvider, semconv, registry$/,
  ],
  'a misspelled option': [
    { nmae: 'orders' } as never,
    /^instrument\(\): there is no option nmae; the options are name, adapter, bySublevel, statements, meterProvider, semconv, registry$/,
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

test('neither a frozen store can be measured, nor a store above a frozen one, and the error says which it is', () => {
  const adapter: StoreAdapter<{ readonly box: Box }> = {
    ...(boxes as object as StoreAdapter<{ readonly box: Box }>),
    matches: (store): store is { readonly box: Box } => 'box' in store,
    findTarget: ({ box }) => box,
    instrument: ({ box }, context) => boxes.instrument(box, context),
  }
  const registry = new MetricsRegistry()
  const reason = 'it is frozen, sealed or not extensible; instrument it before Object.freeze()'
  const box = new Box()
  expect(() => instrument(Object.freeze({ box }), { registry, adapter })).toThrow(
    `cannot instrument an object of class Object: ${reason}`,
  )
  expect(() => instrument({ box: Object.freeze(new Box()) }, { registry, adapter })).toThrow(
    `cannot instrument an object of class Box: ${reason}`,
  )
  expect([Reflect.ownKeys(box), registry.stores.list(), registry.getAllMetrics()]).toEqual([['content'], [], []])
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

test('bySublevel is rejected for a store without sublevels, and the error names the adapters that have them', () => {
  const map = new Map()
  expect(() => instrument(map, { bySublevel: true, registry: new MetricsRegistry() })).toThrow(
    'bySublevel: the adapter "map" does not record by sublevel: leave it out; it is for stores of the adapters abstract-level and levelup',
  )
  expect(instrument(map, { bySublevel: false, registry: new MetricsRegistry() })).toBe(map)
  uninstrument(map)
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

/** Returns the warnings that the process emits until the test ends. */
function processWarnings(): string[] {
  const warnings: string[] = []
  const emit = vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warnings.push(String(warning))
  })
  onTestFinished(() => emit.mockRestore())
  return warnings
}

test('a second name of a store has no effect, and the process is warned', () => {
  const warnings = processWarnings()
  const registry = new MetricsRegistry()
  const store = instrument(new Map<string, number>(), { name: 'orders', registry })
  expect(instrument(store, { name: 'carts', registry })).toBe(store)
  store.set('a', 1)
  expect(readMeasured(registry, 'orders').set).toEqual({ operations: 1, errors: 0 })
  expect(warnings).toEqual([
    'instrument() ignores the name "carts": the store is measured already as "orders"; call uninstrument(store) first',
  ])
  uninstrument(store)
  instrument(store, { name: 'carts', registry })
  store.set('b', 1)
  expect(readMeasured(registry, 'carts').set).toEqual({ operations: 1, errors: 0 })
  expect(warnings).toHaveLength(1)
})

test('another registry of a measured store has no effect, and the process is warned', () => {
  const warnings = processWarnings()
  const store = instrument(new Map(), { name: 'orders', registry: new MetricsRegistry() })
  instrument(store, { name: 'orders', registry: new MetricsRegistry() })
  expect(warnings).toEqual([
    'instrument() ignores the other options: the store is measured already as "orders"; call uninstrument(store) first',
  ])
})

test('the same options again, or none, change nothing and warn of nothing', () => {
  const warnings = processWarnings()
  const registry = new MetricsRegistry()
  const store = instrument(new Map(), { name: 'orders', registry })
  instrument(store, { name: 'orders', registry })
  instrument(store)
  expect(warnings).toEqual([])
})

test('options of the application replace those with which its store was found', () => {
  const warnings = processWarnings()
  const registry = new MetricsRegistry()
  const store = new Map<string, number>()
  instrumentFound(store, { name: 'map', registry })
  store.set('a', 1)
  instrument(store)
  instrument(store, { name: 'orders', registry })
  instrumentFound(store, { name: 'map', registry })
  store.set('b', 1)
  expect(readMeasured(registry, 'map').set).toEqual({ operations: 1, errors: 0 })
  expect(readMeasured(registry, 'orders').set).toEqual({ operations: 1, errors: 0 })
  expect(registry.stores.list().map(({ name }) => name)).toEqual(['orders'])
  expect(warnings).toEqual([])
})

test('an engine that cannot be detected is named after the adapter', () => {
  class Shelf {}
  const adapter: StoreAdapter<Shelf> = {
    name: 'shelf',
    operations: [],
    engineMetrics: {},
    errorCodes: new Set(),
    matches: (store) => store instanceof Shelf,
    engine() {
      throw new Error('no driver')
    },
    instrument: () => ({ state: () => 'open', detach() {} }),
  }
  const registry = new MetricsRegistry()
  instrument(new Shelf(), { name: 'novels', registry, adapter })
  expect(registry.getAllMetrics()).toContainEqual(
    expect.objectContaining({ name: 'db_store_info', labels: { store: 'novels', engine: 'shelf', adapter: 'shelf' } }),
  )
})
