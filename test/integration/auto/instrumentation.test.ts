import { type MeterProvider as AnyMeterProvider, metrics } from '@opentelemetry/api'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { instrument, MetricsRegistry, uninstrument } from '@wombat/instrumentation'
import { WombatInstrumentation, type WombatInstrumentationConfig } from '@wombat/instrumentation/auto'
import { SnapshotReader } from '@wombat/monitor'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { expect, onTestFinished, test } from 'vitest'
import { copiesOf } from './copies.ts'

/** A store of any kind, as these tests use it. */
interface Store {
  get(key: string): unknown
  put(key: string, value: string): Promise<unknown>
  set(key: string, value: string): Promise<unknown>
  close(): Promise<void>
}

function watchedProvider() {
  const reader = new SnapshotReader()
  const provider = new MeterProvider({ readers: [reader] })
  onTestFinished(() => provider.shutdown())
  const sets = async () => {
    const { points } = await reader.take()
    const counted = points.flatMap((point) =>
      point.metric === 'db_set_operations_total' && 'value' in point ? [[point.attributes['store'], point.value]] : [],
    )
    return Object.fromEntries(counted) as Record<string, number>
  }
  return { provider, sets }
}

function instrumented(config?: WombatInstrumentationConfig, meterProvider?: AnyMeterProvider): WombatInstrumentation {
  const instrumentation = new WombatInstrumentation(config)
  const unload = registerInstrumentations({ instrumentations: [instrumentation], ...(meterProvider && { meterProvider }) })
  onTestFinished(unload)
  return instrumentation
}

/** One write to a new store of each kind. */
async function useOneOfEach(require: NodeJS.Require): Promise<void> {
  const { MemoryLevel } = require('memory-level')
  const { Keyv } = require('keyv')
  const { open } = require('lmdb')
  const level: Store = new MemoryLevel()
  const keyv: Store = new Keyv()
  const lmdb: Store = open({ path: await temporaryFolder() })
  await Promise.all([level.put('a', '1'), keyv.set('a', '1'), lmdb.put('a', '1')])
  await Promise.all([level.close(), lmdb.close()])
}

const all = ['memory-level', 'abstract-level', 'keyv', 'lmdb']

test('registerInstrumentations measures stores of every kind, named after what they are', async () => {
  const { provider, sets } = watchedProvider()
  instrumented({}, provider)
  await useOneOfEach(await copiesOf(...all))
  expect(await sets()).toEqual({ memory: 1, keyv: 1, lmdb: 1 })
})

test('stores of every copy of a module are found, and those of one name are added up', async () => {
  const { provider, sets } = watchedProvider()
  instrumented({}, provider)
  for (const require of [await copiesOf(...all), await copiesOf(...all)]) await useOneOfEach(require)
  expect(await sets()).toEqual({ memory: 2, keyv: 2, lmdb: 2 })
})

test('the application names its stores; where it does not, or fails to, they are named after what they are', async () => {
  const { provider, sets } = watchedProvider()
  const name = (_store: object, moduleName: string) => {
    if (moduleName === 'keyv') return 'rates'
    if (moduleName === 'lmdb') throw new Error('/secret/path')
    return undefined
  }
  instrumented({ name }, provider)
  await useOneOfEach(await copiesOf(...all))
  expect(await sets()).toEqual({ memory: 1, rates: 1, lmdb: 1 })
})

test('a registry of ours is used instead of any MeterProvider', async () => {
  const { provider, sets } = watchedProvider()
  const registry = new MetricsRegistry()
  instrumented({ registry }, provider)
  await useOneOfEach(await copiesOf(...all))
  expect(await sets()).toEqual({})
  expect(registry.counter('db_set_operations_total', { store: 'lmdb' }).value).toBe(1)
})

test('the global MeterProvider is used, also when it is registered later', async () => {
  const { provider, sets } = watchedProvider()
  instrumented({ name: (_store, moduleName) => `late ${moduleName}` })
  const require = await copiesOf(...all)
  metrics.setGlobalMeterProvider(provider)
  onTestFinished(() => metrics.disable())
  await useOneOfEach(require)
  expect(await sets()).toMatchObject({ 'late abstract-level': 1, 'late keyv': 1, 'late lmdb': 1 })
})

test('what is measured by hand right after it was made keeps its name', async () => {
  const { provider, sets } = watchedProvider()
  instrumented({}, provider)
  const require = await copiesOf(...all)
  const { MemoryLevel } = require('memory-level')
  const { Keyv } = require('keyv')
  const { open } = require('lmdb')
  const level: Store = instrument(new MemoryLevel(), { name: 'a', meterProvider: provider })
  const keyv: Store = instrument(new Keyv(), { name: 'b', meterProvider: provider })
  const lmdb: Store = instrument(open({ path: await temporaryFolder() }), { name: 'c', meterProvider: provider })
  await Promise.all([level.put('a', '1'), keyv.set('a', '1'), lmdb.put('a', '1')])
  await Promise.all([level.close(), lmdb.close()])
  expect(await sets()).toEqual({ a: 1, b: 1, c: 1 })
})

test('a method that a subclass overrides is counted once, from its second call on', async () => {
  const { provider, sets } = watchedProvider()
  instrumented({}, provider)
  const { Keyv } = (await copiesOf('keyv'))('keyv') as { Keyv: new () => Store }
  class Shouting extends Keyv {
    override set(key: string, value: string) {
      return super.set(key, value.toUpperCase())
    }
  }
  const store = new Shouting()
  await store.set('a', 'x')
  await store.set('b', 'y')
  expect(await store.get('b')).toBe('Y')
  expect(await sets()).toEqual({ keyv: 1 })
})

test('disabled, it finds no store; what it found stays measured until it is told; enabled again, it finds', async () => {
  const { provider, sets } = watchedProvider()
  const instrumentation = instrumented({}, provider)
  const require = await copiesOf(...all)
  const { Keyv } = require('keyv') as { Keyv: new () => Store }
  const store = new Keyv()
  await store.set('a', '1')
  instrumentation.disable()
  await useOneOfEach(require)
  await store.set('a', '2')
  expect(await sets()).toEqual({ keyv: 2 })
  expect(uninstrument(store)).toBe(true)
  await store.set('a', '3')
  expect(await sets()).toEqual({ keyv: 2 })
  instrumentation.enable()
  await useOneOfEach(require)
  expect(await sets()).toEqual({ keyv: 3, memory: 1, lmdb: 1 })
})

/** Everything that could show a trace, in words. */
function shapeOf(object: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(object)).map(([name, { value, ...flags }]) => [
      name,
      `${JSON.stringify(flags)} ${typeof value === 'function' ? value : typeof value}`,
    ]),
  )
}

function shapesOf(require: NodeJS.Require) {
  const lmdb = require('lmdb')
  const objects = [require('abstract-level').AbstractLevel.prototype, require('keyv').Keyv.prototype, lmdb, lmdb.default]
  return objects.map(shapeOf)
}

test('disabled, nothing of it is left on any copy of any module, also where two were at work', async () => {
  const untouched = shapesOf(await copiesOf(...all))
  const instrumentations = [instrumented({}, watchedProvider().provider), instrumented({}, watchedProvider().provider)]
  const copies = [await copiesOf(...all), await copiesOf(...all)]
  for (const require of copies) await useOneOfEach(require)
  expect(copies.map(shapesOf)).not.toContainEqual(untouched)
  for (const instrumentation of instrumentations.reverse()) instrumentation.disable()
  for (const require of copies) expect(shapesOf(require)).toEqual(untouched)
})

test('two instrumentations count a store once', async () => {
  const { provider, sets } = watchedProvider()
  instrumented({}, provider)
  instrumented({}, provider)
  await useOneOfEach(await copiesOf(...all))
  expect(await sets()).toEqual({ memory: 1, keyv: 1, lmdb: 1 })
})

test('not enabled, it waits until it is', async () => {
  const { provider, sets } = watchedProvider()
  const instrumentation = new WombatInstrumentation({ enabled: false })
  onTestFinished(() => instrumentation.disable())
  instrumentation.setMeterProvider(provider)
  await useOneOfEach(await copiesOf(...all))
  instrumentation.enable()
  await useOneOfEach(await copiesOf(...all))
  expect(await sets()).toEqual({ memory: 1, keyv: 1, lmdb: 1 })
})

test.each([
  ['semconv beside a registry', { registry: new MetricsRegistry(), semconv: 'both' as const }, 'registry and semconv cannot be combined'],
  ['a semconv that there is not', { semconv: 'new' as never }, 'semconv must be'],
  ['a name that is no function', { name: 'orders' as never }, 'name must be a function'],
])('%s is refused', (_what, config, complaint) => {
  expect(() => new WombatInstrumentation(config)).toThrow(complaint)
})
