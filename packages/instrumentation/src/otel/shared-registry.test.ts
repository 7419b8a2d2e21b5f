import { metrics as api } from '@opentelemetry/api'
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics'
import { MemoryLevel } from 'memory-level'
import { afterEach, expect, test, vi } from 'vitest'
import { instrument } from '../instrument.ts'
import type { MetricFamily } from '../metrics/series.ts'
import { claimDefaultRegistry, scopeName, sharedRegistry } from './shared-registry.ts'

class ManualReader extends MetricReader {
  /** Returns counters by value and histograms by count, of the store with this name. */
  async read(store: string): Promise<Record<string, number>> {
    const { resourceMetrics } = await this.collect()
    const ownMetrics = resourceMetrics.scopeMetrics
      .filter(({ scope }) => scope.name === scopeName)
      .flatMap(({ metrics }) => metrics)
    return Object.fromEntries(
      ownMetrics.flatMap(({ descriptor, dataPoints }) => {
        const point = dataPoints.find(({ attributes }) => attributes['store'] === store)
        if (point === undefined) return []
        return [[descriptor.name, typeof point.value === 'number' ? point.value : point.value.count]]
      }),
    )
  }

  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

afterEach(() => api.disable())

test('stores of one MeterProvider share a registry, and those of another one have another', () => {
  const [one, other] = [new MeterProvider(), new MeterProvider()]
  expect(sharedRegistry(one)).toBe(sharedRegistry(one))
  expect(sharedRegistry(one)).not.toBe(sharedRegistry(other))
  expect(sharedRegistry(one)).not.toBe(sharedRegistry())
  expect(sharedRegistry()).toBe(sharedRegistry())
})

test('the first call decides on the names, and other names are rejected', () => {
  const provider = new MeterProvider()
  expect(sharedRegistry(provider, 'otel').semconv).toBe('otel')
  expect(sharedRegistry(provider)).toBe(sharedRegistry(provider, 'otel'))
  expect(() => sharedRegistry(provider, 'both')).toThrow(/semconv is already "otel" for this MeterProvider, got "both"/)
})

test('a given MeterProvider exports the store from the first operation', async () => {
  const reader = new ManualReader()
  const meterProvider = new MeterProvider({ readers: [reader] })
  const db = instrument(new MemoryLevel(), { name: 'given', meterProvider })
  await db.put('a', '1')
  await db.get('a')
  expect(await reader.read('given')).toMatchObject({
    db_get_operations_total: 1,
    db_get_latency_seconds: 1,
    db_set_operations_total: 1,
    db_set_latency_seconds: 1,
    db_delete_operations_total: 0,
    db_queue_depth: 0,
    db_store_info: 1,
  })
  await db.close()
})

test('a global MeterProvider that is registered later has the complete counters, and the histograms from then on', async () => {
  const db = instrument(new MemoryLevel(), { name: 'early' })
  for (const key of ['a', 'b', 'c']) await db.put(key, '1')
  const reader = new ManualReader()
  api.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  await vi.waitFor(async () => expect(await reader.read('early')).toMatchObject({ db_set_operations_total: 3 }), {
    timeout: 10_000,
  })
  expect(await reader.read('early')).not.toHaveProperty('db_set_latency_seconds')
  await db.put('d', '1')
  expect(await reader.read('early')).toMatchObject({ db_set_operations_total: 4, db_set_latency_seconds: 1 })
  await db.close()
})

test('a new global MeterProvider exports the store from then on', async () => {
  const db = instrument(new MemoryLevel(), { name: 'moved' })
  const [first, second] = [new ManualReader(), new ManualReader()]
  api.setGlobalMeterProvider(new MeterProvider({ readers: [first] }))
  await vi.waitFor(async () => expect(await first.read('moved')).toMatchObject({ db_set_operations_total: 0 }), {
    timeout: 10_000,
  })
  await db.put('a', '1')
  expect(await first.read('moved')).toMatchObject({ db_set_operations_total: 1, db_set_latency_seconds: 1 })
  api.disable()
  api.setGlobalMeterProvider(new MeterProvider({ readers: [second] }))
  await vi.waitFor(async () => expect(await second.read('moved')).toMatchObject({ db_set_operations_total: 1 }), {
    timeout: 10_000,
  })
  await db.put('b', '1')
  expect(await first.read('moved')).toMatchObject({ db_set_operations_total: 1, db_set_latency_seconds: 1 })
  expect(await second.read('moved')).toMatchObject({ db_set_operations_total: 2, db_set_latency_seconds: 1 })
  await db.close()
})

test('a store that is instrumented after the global MeterProvider is exported at once', async () => {
  const reader = new ManualReader()
  api.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))
  const db = instrument(new MemoryLevel(), { name: 'late' })
  await db.put('a', '1')
  expect(await reader.read('late')).toMatchObject({ db_set_operations_total: 1, db_set_latency_seconds: 1 })
  await db.close()
})

test('a monitoring claims the registry of the stores that were instrumented without one, and no second one can', () => {
  const registry = sharedRegistry()
  const claim = claimDefaultRegistry({})
  expect(claim?.registry).toBe(registry)
  expect(claimDefaultRegistry({})).toBeUndefined()
  claim?.release()
  const next = claimDefaultRegistry({})
  expect(next?.registry, 'its stores still record into it').toBe(registry)
  next?.release()
})

test('without a global MeterProvider, a recorded value goes nowhere else', async () => {
  const db = instrument(new MemoryLevel(), { name: 'alone' })
  await db.get('a')
  const [series] = [...(sharedRegistry().families() as Iterable<MetricFamily>)]
    .filter(({ definition }) => definition.name === 'db_get_latency_seconds')
    .flatMap(({ series: all }) => [...all.values()].filter(({ labels }) => labels['store'] === 'alone'))
  expect(series?.instrument).toMatchObject({ sink: undefined })
  await db.close()
})

test('other names than those of the existing stores cannot be claimed', () => {
  expect(() => claimDefaultRegistry({ semconv: 'otel' })).toThrow(/semconv is already "wombat"/)
})
