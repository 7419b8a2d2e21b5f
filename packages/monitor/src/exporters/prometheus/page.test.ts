import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics'
import { DatabaseMetrics, MetricsRegistry, type Semconv } from '@wombat/instrumentation'
import { fuzzRegistry } from '@wombat/test-support/fuzzed-registry'
import { recordMixedLoad } from '@wombat/test-support/mixed-load'
import { expect, test } from 'vitest'
import { toForeignMetrics } from '../../collection/prometheus-metrics.ts'
import { SnapshotReader } from '../../collection/snapshot-reader.ts'
import { loadForeignText } from './foreign-text.ts'
import { writePage } from './page.ts'
import { prometheusText } from './prometheus-text.ts'
import { prometheusDialect } from './text-dialects.ts'
import { TextWriter } from './text-writer.ts'

/** A registry beside an application's MeterProvider. */
function monitored(options: { semconv?: Semconv; cardinalityLimit?: number } = {}) {
  const registry = new MetricsRegistry(options)
  registry.warn = () => {}
  const reader = new SnapshotReader()
  const resource = resourceFromAttributes({ 'service.name': 'shop "eu"', 'deployment.environment.name': 'a\\b\nc' })
  const provider = new MeterProvider({
    resource,
    readers: [reader],
    views: [{ instrumentName: 'app.exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  })
  reader.follow(registry)
  return { registry, reader, meter: provider.getMeter('application') }
}

async function pageText(reader: SnapshotReader, semconv: Semconv): Promise<string> {
  const reading = await reader.read()
  const { metrics: foreign } = toForeignMetrics(reading.foreign, reading.registry?.families() ?? [])
  const writer = new TextWriter(prometheusDialect)
  const writeForeign = await loadForeignText(writer, reading.resource)
  for (const _ of writePage({ reading, foreign, semconv }, writer, writeForeign));
  return Buffer.from(writer.take()).toString()
}

/** Returns the lines of both pages. The metrics of the collections themselves change with each one. */
async function bothPages(reader: SnapshotReader, semconv: Semconv): Promise<{ ours: string[]; oracle: string[] }> {
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '' && !line.includes('wombat_monitor_'))
  const oracle = lines(prometheusText(await reader.take(), semconv))
  return { ours: lines(await pageText(reader, semconv)), oracle }
}

for (const [seed, semconv] of [
  [1, 'wombat'],
  [2, 'both'],
  [3, 'otel'],
] as const) {
  test(`the page has the lines of OpenTelemetry's serializer (semconv ${semconv}, 10,000 fuzzed series)`, async () => {
    const { registry, reader, meter } = monitored({ semconv, cardinalityLimit: 600 })
    fuzzRegistry(registry, seed, 14_000)
    recordMixedLoad(registry, seed)
    new DatabaseMetrics(registry, { store: 'or"ders', engine: 'leveldb' }).recordGet(500_000_000, true)
    meter.createCounter('app.requests', { unit: '{request}', description: 'a\nb' }).add(2, { 'http.route': '/', le: '"' })
    const histogram = meter.createHistogram('app.latency')
    for (let index = 0; index < 60; index++) histogram.record(index, { route: `/${index}`, le: 'x' })
    meter.createHistogram('app.exponential').record(1)
    meter.createObservableGauge('db_memtable_bytes').addCallback((result) => result.observe(1))
    meter.createObservableGauge('app.temperature').addCallback((result) => result.observe(Number.NaN, { place: '' }))
    const series = [...registry.families()].reduce((sum, family) => sum + family.series.size, 0)
    expect(series).toBeGreaterThan(10_000)
    for (const _ of ['the first page', 'one with texts that are kept']) {
      const { ours, oracle } = await bothPages(reader, semconv)
      expect(ours.length).toBeGreaterThan(30_000)
      // Not toEqual: it would take minutes to print a difference.
      expect(ours.findIndex((line, index) => line !== oracle[index])).toBe(-1)
      expect(ours.length).toBe(oracle.length)
    }
  })
}

test('a page without metrics has the resource only', async () => {
  const { reader } = monitored()
  expect(await pageText(reader, 'wombat')).toBe(
    '# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info{deployment_environment_name="a\\\\b\\nc",service_name="shop \\"eu\\""} 1\n',
  )
})

test('a page with many series yields often, and every series is on it once', async () => {
  const { registry, reader } = monitored({ cardinalityLimit: 5000 })
  for (let index = 0; index < 3000; index++) registry.incrementCounter('db_get_operations_total', index, { store: `s${index}` })
  const reading = await reader.read()
  const writer = new TextWriter(prometheusDialect)
  let pieces = 0
  for (const _ of writePage({ reading, foreign: [], semconv: 'wombat' }, writer)) pieces++
  expect(pieces).toBeGreaterThan(180)
  const lines = Buffer.from(writer.take())
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('db_get_operations_total'))
  expect(new Set(lines).size).toBe(3000)
})

test('a page records how many points it has', async () => {
  const { registry, reader } = monitored({ semconv: 'otel' })
  new DatabaseMetrics(registry, { store: 'orders', operations: ['get'] })
  const { resourceMetrics } = await reader.take()
  const points = resourceMetrics.scopeMetrics.flatMap(({ metrics }) =>
    metrics.flatMap(({ dataPoints }) => dataPoints as unknown[]),
  )
  registry.setGauge('wombat_monitor_points', 0)
  await pageText(reader, 'otel')
  // The gauge itself, and the histogram of collections, are there since the first collection.
  expect(registry.gauge('wombat_monitor_points').value).toBeGreaterThanOrEqual(points.length)
  expect(registry.gauge('wombat_monitor_points').value).toBeLessThanOrEqual(points.length + 3)
})
