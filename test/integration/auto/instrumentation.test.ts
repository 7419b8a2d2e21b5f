import { readFileSync, writeFileSync } from 'node:fs'
import { type MeterProvider as AnyMeterProvider, metrics } from '@opentelemetry/api'
import { registerInstrumentations } from '@opentelemetry/instrumentation'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { instrument, MetricsRegistry, uninstrument } from '@wombat/instrumentation'
import { WombatInstrumentation, type WombatInstrumentationConfig } from '@wombat/instrumentation/auto'
import { SnapshotReader } from '@wombat/monitor'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { expect, onTestFinished, test } from 'vitest'
import { copyPackages } from './copies.ts'

/** A store of any kind, as these tests use it. */
interface Store {
  get(key: string): unknown
  put(key: string, value: string): Promise<unknown>
  set(key: string, value: string): Promise<unknown>
  close(): Promise<void>
}

function createProvider() {
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

function enableInstrumentation(config?: WombatInstrumentationConfig, meterProvider?: AnyMeterProvider): WombatInstrumentation {
  const instrumentation = new WombatInstrumentation(config)
  const unload = registerInstrumentations({ instrumentations: [instrumentation], ...(meterProvider && { meterProvider }) })
  onTestFinished(unload)
  return instrumentation
}

/** One write to a new store of each kind. */
async function writeToOneOfEach(require: NodeJS.Require): Promise<void> {
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
  const { provider, sets } = createProvider()
  enableInstrumentation({}, provider)
  await writeToOneOfEach(await copyPackages(...all))
  expect(await sets()).toEqual({ memory: 1, keyv: 1, lmdb: 1 })
})

test('stores of every copy of a module are found, and those of one name are added up', async () => {
  const { provider, sets } = createProvider()
  enableInstrumentation({}, provider)
  for (const require of [await copyPackages(...all), await copyPackages(...all)]) await writeToOneOfEach(require)
  expect(await sets()).toEqual({ memory: 2, keyv: 2, lmdb: 2 })
})

test('the application names its stores; a store without a name, or whose naming fails, is named after its kind', async () => {
  const { provider, sets } = createProvider()
  const name = (_store: object, moduleName: string) => {
    if (moduleName === 'keyv') return 'rates'
    if (moduleName === 'lmdb') throw new Error('/secret/path')
    return undefined
  }
  enableInstrumentation({ name }, provider)
  await writeToOneOfEach(await copyPackages(...all))
  expect(await sets()).toEqual({ memory: 1, rates: 1, lmdb: 1 })
})

test('a registry of ours is used instead of any MeterProvider', async () => {
  const { provider, sets } = createProvider()
  const registry = new MetricsRegistry()
  enableInstrumentation({ registry }, provider)
  await writeToOneOfEach(await copyPackages(...all))
  expect(await sets()).toEqual({})
  expect(registry.counter('db_set_operations_total', { store: 'lmdb' }).value).toBe(1)
})

test('the global MeterProvider is used, also when it is registered later', async () => {
  const { provider, sets } = createProvider()
  enableInstrumentation({ name: (_store, moduleName) => `late ${moduleName}` })
  const require = await copyPackages(...all)
  metrics.setGlobalMeterProvider(provider)
  onTestFinished(() => metrics.disable())
  await writeToOneOfEach(require)
  expect(await sets()).toMatchObject({ 'late abstract-level': 1, 'late keyv': 1, 'late lmdb': 1 })
})

test('what is measured by hand right after it was made keeps its name', async () => {
  const { provider, sets } = createProvider()
  enableInstrumentation({}, provider)
  const require = await copyPackages(...all)
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
  const { provider, sets } = createProvider()
  enableInstrumentation({}, provider)
  const { Keyv } = (await copyPackages('keyv'))('keyv') as { Keyv: new () => Store }
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

test('disabled, it finds no new stores and keeps measuring the others; enabled again, it finds new stores', async () => {
  const { provider, sets } = createProvider()
  const instrumentation = enableInstrumentation({}, provider)
  const require = await copyPackages(...all)
  const { Keyv } = require('keyv') as { Keyv: new () => Store }
  const store = new Keyv()
  await store.set('a', '1')
  instrumentation.disable()
  await writeToOneOfEach(require)
  await store.set('a', '2')
  expect(await sets()).toEqual({ keyv: 2 })
  expect(uninstrument(store)).toBe(true)
  await store.set('a', '3')
  expect(await sets()).toEqual({ keyv: 2 })
  instrumentation.enable()
  await writeToOneOfEach(require)
  expect(await sets()).toEqual({ keyv: 3, memory: 1, lmdb: 1 })
})

/** Everything that could show a trace, in words. */
function describeProperties(object: object): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Object.getOwnPropertyDescriptors(object)).map(([name, { value, ...flags }]) => [
      name,
      `${JSON.stringify(flags)} ${typeof value === 'function' ? value : typeof value}`,
    ]),
  )
}

function describeModules(require: NodeJS.Require) {
  const lmdb = require('lmdb')
  const objects = [require('abstract-level').AbstractLevel.prototype, require('keyv').Keyv.prototype, lmdb, lmdb.default]
  return objects.map(describeProperties)
}

test('disabled, nothing of it is left on any copy of any module, also where two were at work', async () => {
  const untouched = describeModules(await copyPackages(...all))
  const instrumentations = [
    enableInstrumentation({}, createProvider().provider),
    enableInstrumentation({}, createProvider().provider),
  ]
  const copies = [await copyPackages(...all), await copyPackages(...all)]
  for (const require of copies) await writeToOneOfEach(require)
  expect(copies.map(describeModules)).not.toContainEqual(untouched)
  for (const instrumentation of instrumentations.reverse()) instrumentation.disable()
  for (const require of copies) expect(describeModules(require)).toEqual(untouched)
})

test('two instrumentations count a store once', async () => {
  const { provider, sets } = createProvider()
  enableInstrumentation({}, provider)
  enableInstrumentation({}, provider)
  await writeToOneOfEach(await copyPackages(...all))
  expect(await sets()).toEqual({ memory: 1, keyv: 1, lmdb: 1 })
})

test('not enabled, it waits until it is', async () => {
  const { provider, sets } = createProvider()
  const instrumentation = new WombatInstrumentation({ enabled: false })
  onTestFinished(() => instrumentation.disable())
  instrumentation.setMeterProvider(provider)
  await writeToOneOfEach(await copyPackages(...all))
  instrumentation.enable()
  await writeToOneOfEach(await copyPackages(...all))
  expect(await sets()).toEqual({ memory: 1, keyv: 1, lmdb: 1 })
})

test.each([
  [
    'semconv beside a registry',
    { registry: new MetricsRegistry(), semconv: 'both' as const },
    'registry and semconv cannot be combined',
  ],
  ['an unknown semconv', { semconv: 'new' as never }, 'semconv must be'],
  ['a name that is not a function', { name: 'orders' as never }, 'name must be a function'],
])('%s is rejected', (_what, config, complaint) => {
  expect(() => new WombatInstrumentation(config)).toThrow(complaint)
})

test('a version that cannot be measured is reported once, with what is needed, and counted', async () => {
  const registry = new MetricsRegistry()
  const warnings: string[] = []
  registry.warn = (message) => warnings.push(message)
  enableInstrumentation({ registry })
  for (const version of ['1.4.0', '1.4.0', '99.0.0-beta.1']) {
    const require = await copyPackages('keyv')
    const manifest = require.resolve('keyv').replace(/(node_modules.keyv).*/, '$1/package.json')
    writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')), version }))
    const { Keyv } = require('keyv')
    await new Keyv().set('a', '1')
  }
  expect(warnings).toEqual([
    expect.stringMatching(/^stores of keyv 1\.4\.0 are not measured: that needs version .*6 of keyv$/),
    expect.stringMatching(/^stores of keyv 99\.0\.0-beta\.1 are not measured: that needs version .*6 of keyv$/),
  ])
  expect(registry.getAllMetrics().filter(({ name }) => /unmeasured|operations_total/.test(name))).toEqual([
    expect.objectContaining({ name: 'wombat_monitor_unmeasured_modules', value: 2 }),
  ])
})

test.each(['keyv4', 'keyv5'])('a Keyv of an older version (%s) is found', async (installed) => {
  const { provider, sets } = createProvider()
  enableInstrumentation({}, provider)
  const require = await copyPackages(`keyv=${installed}`)
  const Keyv = require('keyv').Keyv ?? require('keyv')
  await new Keyv().set('a', '1')
  expect(await sets()).toEqual({ keyv: 1 })
})
