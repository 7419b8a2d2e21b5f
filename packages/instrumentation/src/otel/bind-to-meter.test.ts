import { DiagLogLevel, diag, type Meter } from '@opentelemetry/api'
import { DataPointType, type Histogram, MeterProvider, type MetricData, MetricReader } from '@opentelemetry/sdk-metrics'
import { afterEach, expect, test } from 'vitest'
import { latencyBounds, operationMetrics, operations } from '../metrics/semconv.ts'
import { OperationRecorder } from '../operations/recorder.ts'
import { MetricsRegistry } from '../registry/registry.ts'
import { bindToMeter } from './bind-to-meter.ts'

const gets = 'db_get_operations_total'
const latency = 'db_get_latency_seconds'

/** An OpenTelemetry reader that collects on demand. */
class ManualReader extends MetricReader {
  async read(): Promise<Map<string, MetricData>> {
    const { resourceMetrics, errors } = await this.collect()
    expect(errors).toEqual([])
    const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics)
    return new Map(all.map((metric) => [metric.descriptor.name, metric]))
  }

  /** Returns the points of one metric as attributes and value. */
  async points(name: string): Promise<unknown[]> {
    return ((await this.read()).get(name)?.dataPoints ?? []).map(({ attributes, value }) => [attributes, value])
  }

  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

const providers: MeterProvider[] = []
afterEach(async () => {
  for (const provider of providers.splice(0)) await provider.shutdown()
  diag.disable()
})

function meterWith(...readers: ManualReader[]): Meter {
  const provider = new MeterProvider({ readers })
  providers.push(provider)
  return provider.getMeter('test')
}

function bound(registry = new MetricsRegistry()): { registry: MetricsRegistry; reader: ManualReader; release: () => void } {
  const reader = new ManualReader()
  return { registry, reader, release: bindToMeter(registry, meterWith(reader)) }
}

test('a counter is a monotonic sum under its own name, unit and description', async () => {
  const { registry, reader } = bound()
  registry.incrementCounter(gets, 3, { store: 'a' })
  registry.incrementCounter(gets, 5, { store: 'b' })
  expect((await reader.read()).get(gets)).toMatchObject({
    descriptor: { name: gets, unit: '{operation}', description: 'Completed gets, both successful and failed.' },
    dataPointType: DataPointType.SUM,
    isMonotonic: true,
    dataPoints: [
      { attributes: { store: 'a' }, value: 3 },
      { attributes: { store: 'b' }, value: 5 },
    ],
  })
})

test('a gauge is a gauge, and absent while it has no value', async () => {
  const { registry, reader } = bound()
  const depth = registry.gauge('db_queue_depth', { store: 'a' })
  expect(await reader.points('db_queue_depth')).toEqual([])
  depth.set(-2)
  expect((await reader.read()).get('db_queue_depth')).toMatchObject({
    descriptor: { unit: '{operation}', description: 'Operations in flight: started and not yet settled.' },
    dataPointType: DataPointType.GAUGE,
    dataPoints: [{ attributes: { store: 'a' }, value: -2 }],
  })
})

test('a histogram has the same bounds, counts, sum, minimum and maximum as in the registry', async () => {
  const { registry, reader } = bound()
  const histogram = registry.histogram(latency, { store: 'a' })
  for (let value = 5e-7; value < 60; value *= 1.07) histogram.record(value)
  for (const bound of latencyBounds) histogram.record(bound)
  const snapshot = histogram.snapshot()
  const metric = (await reader.read()).get(latency)
  expect(metric).toMatchObject({ descriptor: { unit: 's' }, dataPointType: DataPointType.HISTOGRAM })
  const buckets = { boundaries: latencyBounds, counts: snapshot.bucketCounts() }
  const { count, sum, min, max } = snapshot
  expect(metric?.dataPoints).toMatchObject([{ attributes: { store: 'a' }, value: { buckets, count, sum, min, max } }])
})

test('a rejected value does not reach the meter', async () => {
  const { registry, reader } = bound()
  for (const value of [1, Number.NaN, -1, 2]) registry.recordHistogram(latency, value)
  expect(await reader.points(latency)).toMatchObject([[{}, { count: 2, sum: 3 }]])
})

test('a summary is exported as a histogram', async () => {
  const { registry, reader } = bound()
  const description = 'Time one job took.'
  registry.declare({ name: 'job_seconds', kind: 'summary', unit: 's', description, attributes: [], bounds: [1, 10] })
  for (const value of [0.5, 5, 50]) registry.recordHistogram('job_seconds', value)
  expect(await reader.points('job_seconds')).toMatchObject([
    [{}, { count: 3, buckets: { boundaries: [1, 10], counts: [1, 1, 1] } }],
  ])
})

test('collecting changes nothing, with several readers and several times', async () => {
  const registry = new MetricsRegistry()
  const readers = [new ManualReader(), new ManualReader(), new ManualReader()]
  bindToMeter(registry, meterWith(...readers))
  registry.incrementCounter(gets, 3, { store: 'a' })
  registry.setGauge('db_queue_depth', 4)
  for (const value of [0.1, 0.2]) registry.recordHistogram(latency, value)
  const before = registry.getAllMetrics().map(({ timestamp: _, ...metric }) => metric)
  for (let times = 0; times < 3; times++) {
    for (const reader of readers) {
      expect(await reader.points(gets)).toEqual([[{ store: 'a' }, 3]])
      expect(await reader.points('db_queue_depth')).toEqual([[{}, 4]])
      expect(await reader.points(latency)).toMatchObject([[{}, { count: 2 }]])
    }
  }
  expect(registry.getAllMetrics().map(({ timestamp: _, ...metric }) => metric)).toEqual(before)
})

test('counters include values from before the binding; histograms start with the binding', async () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets, 3)
  registry.recordHistogram(latency, 1)
  const { reader } = bound(registry)
  registry.incrementCounter(gets, 1)
  registry.recordHistogram(latency, 2)
  registry.recordHistogram(latency, 3, { store: 'new' })
  expect(await reader.points(gets)).toEqual([[{}, 4]])
  expect(await reader.points(latency)).toMatchObject([
    [{}, { count: 1, sum: 2 }],
    [{ store: 'new' }, { count: 1, sum: 3 }],
  ])
})

test('after the release nothing is exported', async () => {
  const { registry, reader, release } = bound()
  const observe = (): number => registry.gauge('db_queue_depth').value ?? 0
  registry.gauge('db_queue_depth').observe(() => 1)
  registry.incrementCounter(gets, 3)
  registry.recordHistogram(latency, 1)
  await reader.read()
  release()
  registry.incrementCounter(gets, 10)
  registry.recordHistogram(latency, 1)
  registry.incrementCounter('db_set_operations_total')
  registry.recordHistogram('db_set_latency_seconds', 1)
  const after = await reader.read()
  expect(after.get(gets)?.dataPoints.map(({ value }) => value)).toEqual([3])
  expect(after.get(latency)?.dataPoints).toMatchObject([{ value: { count: 1 } }])
  expect(after.has('db_set_operations_total')).toBe(false)
  expect(after.has('db_set_latency_seconds')).toBe(false)
  expect(observe()).toBe(1)
})

test('a registry can be bound to another meter later, which has the complete counters', async () => {
  const { registry, reader, release } = bound()
  registry.incrementCounter(gets, 3)
  registry.recordHistogram(latency, 1)
  release()
  const next = bound(registry)
  registry.incrementCounter(gets, 4)
  registry.recordHistogram(latency, 2)
  expect(await next.reader.points(gets)).toEqual([[{}, 7]])
  expect(await next.reader.points(latency)).toMatchObject([[{}, { count: 1, sum: 2 }]])
  expect(await reader.points(latency)).toMatchObject([[{}, { count: 1, sum: 1 }]])
})

test('a registry can be bound to several meters, and unbound from one of them', async () => {
  const { registry, reader: first, release } = bound()
  const { reader: second } = bound(registry)
  registry.incrementCounter(gets, 3)
  registry.recordHistogram(latency, 1)
  for (const reader of [first, second]) {
    expect(await reader.points(gets)).toEqual([[{}, 3]])
    expect(await reader.points(latency)).toMatchObject([[{}, { count: 1, sum: 1 }]])
  }
  release()
  registry.incrementCounter(gets, 1)
  registry.recordHistogram(latency, 2)
  expect(await first.points(latency)).toMatchObject([[{}, { count: 1, sum: 1 }]])
  expect(await second.points(gets)).toEqual([[{}, 4]])
  expect(await second.points(latency)).toMatchObject([[{}, { count: 2, sum: 3 }]])
})

/** Records a success and a failure of each operation, and returns the exported names. */
async function exportedNames(semconv: 'wombat' | 'otel' | 'both'): Promise<{ names: string[]; reader: ManualReader }> {
  const { registry, reader } = bound(new MetricsRegistry({ semconv }))
  const known = new Set(['LEVEL_LOCKED'])
  for (const operation of operations) {
    const recorder = new OperationRecorder(registry, operation, { store: 'orders', engine: 'leveldb' }, known)
    recorder.recordSuccess(0.002)
    recorder.recordFailure(0.02, Object.assign(new Error('key secret'), { code: 'LEVEL_LOCKED' }))
  }
  return { names: [...(await reader.read()).keys()].sort(), reader }
}

const operationNames = operations.flatMap((operation) => Object.values(operationMetrics(operation)))
const otherNames = ['db_errors_total', 'db_batch_entries_total', 'db_scan_entries_total']

test('with `wombat` operations have their three metrics and not that of the convention', async () => {
  expect((await exportedNames('wombat')).names).toEqual([...operationNames, ...otherNames].sort())
})

test('with `otel` operations have the one metric of the convention', async () => {
  expect((await exportedNames('otel')).names).toEqual(['db.client.operation.duration', ...otherNames].sort())
})

test('with `both` operations have all four metrics', async () => {
  expect((await exportedNames('both')).names).toEqual(['db.client.operation.duration', ...operationNames, ...otherNames].sort())
})

test("the convention's metric has its dotted attributes, and error.type only on failures", async () => {
  const { reader } = await exportedNames('otel')
  const metric = (await reader.read()).get('db.client.operation.duration')
  expect(metric?.descriptor).toMatchObject({ unit: 's', description: 'Duration of database client operations.' })
  const common = { 'db.system.name': 'leveldb', 'db.namespace': 'orders' }
  const boundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]
  for (const operation of operations) {
    const points = (metric?.dataPoints ?? []).filter(({ attributes }) => attributes['db.operation.name'] === operation)
    expect(points).toMatchObject([
      {
        attributes: { ...common, 'db.operation.name': operation },
        value: { count: 1, sum: 0.002, buckets: { boundaries, counts: [0, 1, 0, 0, 0, 0, 0, 0, 0, 0] } },
      },
      {
        attributes: { ...common, 'db.operation.name': operation, 'error.type': 'LEVEL_LOCKED' },
        value: { count: 1, sum: 0.02, buckets: { boundaries, counts: [0, 0, 0, 1, 0, 0, 0, 0, 0, 0] } },
      },
    ])
    expect(points[0]?.attributes).not.toHaveProperty('error.type')
  }
})

test('at the cardinality limit the SDK loses no value in any collection', async () => {
  const { registry, reader } = bound()
  for (let store = 0; store < 2500; store++) {
    registry.incrementCounter(gets, 10, { store: `s${store}` })
    registry.recordHistogram(latency, 1, { store: `s${store}` })
  }
  for (let times = 0; times < 3; times++) {
    const metrics = await reader.read()
    const counted = metrics.get(gets)?.dataPoints.map(({ value }) => Number(value)) ?? []
    const recorded = metrics.get(latency)?.dataPoints.map(({ value }) => (value as Histogram).count) ?? []
    expect([counted.length, counted.reduce((sum, value) => sum + value, 0)]).toEqual([2000, 25_000])
    expect([recorded.length, recorded.reduce((sum, value) => sum + value, 0)]).toEqual([2000, 2500])
  }
})

test('collect callbacks run before their values are read, once for each collection', async () => {
  const { registry, reader } = bound()
  let calls = 0
  const stop = registry.collectors.add(async () => {
    await Promise.resolve()
    calls++
    registry.setGaugeWithLabels('db_sstable_bytes', calls * 100, { store: 'a' })
  })
  for (const gauge of ['db_sstable_bytes', 'db_wal_bytes', 'db_cache_bytes'])
    registry.setGaugeWithLabels(gauge, 1, { store: 'a' })
  expect(await reader.points('db_sstable_bytes')).toEqual([[{ store: 'a' }, 100]])
  expect(calls).toBe(1)
  stop()
  await reader.read()
  expect(calls).toBe(1)
})

test('a meter that rejects an instrument affects only that metric, and not the code that records', async () => {
  const errors: unknown[] = []
  const ignore = (): void => {}
  const logger = {
    error: (...args: unknown[]) => errors.push(args[0]),
    warn: ignore,
    info: ignore,
    debug: ignore,
    verbose: ignore,
  }
  diag.setLogger(logger, { logLevel: DiagLogLevel.ERROR })
  const reader = new ManualReader()
  const meter = meterWith(reader)
  const rejecting: Meter = Object.create(meter, {
    createHistogram: {
      value: () => {
        throw new Error('no histograms')
      },
    },
  })
  const registry = new MetricsRegistry()
  bindToMeter(registry, rejecting)
  expect(() => registry.recordHistogram(latency, 1)).not.toThrow()
  registry.incrementCounter(gets)
  expect(await reader.points(gets)).toEqual([[{}, 1]])
  expect(registry.histogram(latency).snapshot().count).toBe(1)
  expect(errors).toEqual([`@wombat/instrumentation: the meter rejected ${latency}; the metric is not exported`])
})

test('an error of an instrument does not reach the code that records', () => {
  const meter: Meter = Object.create(meterWith(), {
    createHistogram: {
      value: () => ({
        record() {
          throw new Error('out of memory')
        },
      }),
    },
  })
  const registry = new MetricsRegistry()
  bindToMeter(registry, meter)
  expect(() => registry.recordHistogram(latency, 1)).not.toThrow()
  expect(registry.histogram(latency).snapshot().count).toBe(1)
})
