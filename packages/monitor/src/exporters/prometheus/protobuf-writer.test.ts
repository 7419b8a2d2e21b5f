import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { fuzzRegistry } from '@wombat/test-support/fuzzed-registry'
import { recordMixedLoad } from '@wombat/test-support/mixed-load'
import { type Histogram, type MetricFamily, MetricType } from '@wombat/test-support/prometheus-schema/generated/metrics_pb'
import { parsePrometheusText } from '@wombat/test-support/prometheus-text'
import { readProtobufPage, samplesOfFamilies } from '@wombat/test-support/protobuf-page'
import { randomFrom } from '@wombat/test-support/random'
import { expect, test } from 'vitest'
import { toForeignMetrics } from '../../collection/prometheus-metrics.ts'
import { SnapshotReader } from '../../collection/snapshot-reader.ts'
import { writePage } from './page.ts'
import type { PageWriter } from './page-writer.ts'
import { ProtobufWriter } from './protobuf-writer.ts'
import { prometheusDialect } from './text-dialects.ts'
import { TextWriter } from './text-writer.ts'

function monitored() {
  const registry = new MetricsRegistry({ cardinalityLimit: 600 })
  registry.warn = () => {}
  const reader = new SnapshotReader()
  const provider = new MeterProvider({ resource: resourceFromAttributes({ 'service.name': 'shop' }), readers: [reader] })
  reader.follow(registry)
  const page = async (writer: PageWriter): Promise<Uint8Array> => {
    const reading = await reader.read()
    reading.startTimes.update()
    const { metrics: foreign } = toForeignMetrics(reading.foreign, reading.registry?.families() ?? [])
    // The metrics of the collection itself change with each page.
    const content = { reading: { ...reading, record: () => {} }, foreign, semconv: 'wombat' as const }
    for (const _ of writePage(content, writer));
    return writer.take()
  }
  const families = async (hasNativeHistograms = true) => readProtobufPage(await page(new ProtobufWriter(hasNativeHistograms)))
  return { registry, meter: provider.getMeter('application'), page, families }
}

function find(families: readonly MetricFamily[], name: string): MetricFamily {
  const found = families.find((family) => family.name === name)
  if (found === undefined) throw new Error(`${name} is not on the page`)
  return found
}

function findHistogram(families: readonly MetricFamily[], name: string): Histogram {
  const { histogram } = find(families, name).metric[0] ?? {}
  if (histogram === undefined) throw new Error(`${name} is no histogram`)
  return histogram
}

test('a page in protobuf has the samples of the text (10,000 fuzzed series, and those of the application)', async () => {
  const { registry, meter, page, families } = monitored()
  fuzzRegistry(registry, 4, 14_000)
  recordMixedLoad(registry, 4)
  meter.createCounter('app.requests').add(2, { 'http.route': '/' })
  meter.createHistogram('app.latency').record(3)
  meter.createUpDownCounter('app.connections').add(-1)
  const samples = samplesOfFamilies(await families())
  const text = parsePrometheusText(Buffer.from(await page(new TextWriter(prometheusDialect))).toString())
  expect(samples.length).toBeGreaterThan(30_000)
  expect(samples.length).toBe(text.length)
  // Not toEqual on everything: it would take minutes to print a difference.
  const index = samples.findIndex((sample, at) => JSON.stringify(sample) !== JSON.stringify(text[at]))
  expect(samples[index]).toEqual(text[index])
})

test('each metric has its description, its type and the time at which counting started', async () => {
  const { registry, families } = monitored()
  const beforeMs = Date.now()
  registry.incrementCounter('db_get_operations_total', 1, { store: 'orders' })
  registry.histogram('db_get_latency_seconds', { store: 'orders' })
  registry.setGaugeWithLabels('db_memtable_bytes', 1, { store: 'orders' })
  const page = await families()
  expect(page.map(({ name, type }) => [name, type])).toEqual([
    ['target_info', MetricType.GAUGE],
    ['db_get_operations_total', MetricType.COUNTER],
    ['db_get_latency_seconds', MetricType.HISTOGRAM],
    ['db_memtable_bytes', MetricType.GAUGE],
  ])
  expect(find(page, 'db_get_operations_total').help).toBe(registry.definition('db_get_operations_total')?.description)
  for (const created of [
    find(page, 'db_get_operations_total').metric[0]?.counter?.createdTimestamp,
    findHistogram(page, 'db_get_latency_seconds').createdTimestamp,
  ]) {
    const createdMs = Number(created?.seconds) * 1000 + Number(created?.nanos) / 1e6
    expect(createdMs).toBeGreaterThanOrEqual(beforeMs - 1)
    expect(createdMs).toBeLessThanOrEqual(Date.now())
  }
})

/** Returns the count of each bucket of a native histogram, by its index. */
function decodeBuckets({ positiveSpan, positiveDelta }: Histogram): Map<number, number> {
  const counts = new Map<number, number>()
  let index = 0
  let count = 0
  const deltas = positiveDelta.values()
  for (const { offset, length } of positiveSpan) {
    index += offset
    for (let left = length; left > 0; left--) {
      count += Number(deltas.next().value)
      counts.set(index++, count)
    }
  }
  expect(deltas.next().done).toBe(true)
  return counts
}

test('a native histogram has the count of every bucket of schema 4', async () => {
  const { registry, families } = monitored()
  const values = [0, 1e-12, 0.0011, 0.0011, 0.00115, 0.002, 0.0021, 0.3, 0.3, 0.3, 1, 2, 5e4, 1e9]
  for (const value of values) registry.recordHistogram('db_get_latency_seconds', value)
  const histogram = findHistogram(await families(), 'db_get_latency_seconds')
  expect(histogram.schema).toBe(4)
  const { zeroThreshold } = histogram
  expect(zeroThreshold).toBeGreaterThan(1e-12)
  expect(Number(histogram.zeroCount)).toBe(2)
  const buckets = decodeBuckets(histogram)
  const counts = [...buckets].filter(([, count]) => count > 0)
  // Prometheus' index i has the values in (2^((i-1)/16), 2^(i/16)].
  const expected = Map.groupBy(
    values.filter((value) => value > zeroThreshold && value < 5000),
    (value) => Math.ceil(Math.log2(value) * 16),
  )
  expect(counts.slice(0, -1)).toEqual([...expected].map(([index, ones]) => [index, ones.length]))
  // Above the range of the fine buckets there is one bucket for all.
  expect(counts.at(-1)?.[1]).toBe(2)
  const total = counts.reduce((sum, [, count]) => sum + count, 0)
  expect(total + Number(histogram.zeroCount)).toBe(Number(histogram.sampleCount))
  // Gaps are not written bucket by bucket.
  expect(histogram.positiveSpan.length).toBeGreaterThan(4)
  expect(buckets.size).toBeLessThan(30)
})

test('a native histogram without values has a span without buckets', async () => {
  const { registry, families } = monitored()
  registry.histogram('db_get_latency_seconds')
  const histogram = findHistogram(await families(), 'db_get_latency_seconds')
  expect(histogram.positiveSpan).toMatchObject([{ offset: 0, length: 0 }])
  expect(histogram.positiveDelta).toEqual([])
  expect(histogram.zeroThreshold).toBeGreaterThan(0)
})

test('without native histograms there are only the explicit buckets', async () => {
  const { registry, families } = monitored()
  registry.recordHistogram('db_get_latency_seconds', 1)
  const histogram = findHistogram(await families(false), 'db_get_latency_seconds')
  expect(histogram.positiveSpan).toEqual([])
  expect(histogram.zeroThreshold).toBe(0)
  expect(histogram.bucket.at(-1)).toMatchObject({ upperBound: Number.POSITIVE_INFINITY, cumulativeCount: 1n })
})

test('exemplars are in the bucket of their value, and in the native histogram', async () => {
  const { registry, families } = monitored()
  const histogram = registry.histogram('db_get_latency_seconds')
  const traceId = '0af7651916cd43dd8448eb211c80319c'
  const spanId = 'b7ad6b7169203331'
  for (const value of [0.0011, 20]) {
    histogram.record(value)
    histogram.setExemplar({ value, timeMs: 1_700_000_000_123, traceId, spanId })
  }
  const { bucket, exemplars } = findHistogram(await families(), 'db_get_latency_seconds')
  expect(bucket.filter(({ exemplar }) => exemplar !== undefined).map(({ upperBound }) => upperBound)).toEqual([
    0.0025,
    Number.POSITIVE_INFINITY,
  ])
  expect(exemplars).toMatchObject([
    {
      label: [
        { name: 'trace_id', value: traceId },
        { name: 'span_id', value: spanId },
      ],
      value: 0.0011,
      timestamp: { seconds: 1_700_000_000n, nanos: 123_000_000 },
    },
    { value: 20 },
  ])
})

test('counts and times of more than 32 bits are written whole', async () => {
  const { registry, families } = monitored()
  registry.histogram('db_get_latency_seconds').record(1, 2 ** 40)
  const { sampleCount, positiveDelta, bucket } = findHistogram(await families(), 'db_get_latency_seconds')
  expect([sampleCount, positiveDelta[0], bucket.at(-1)?.cumulativeCount]).toEqual([2n ** 40n, 2n ** 40n, 2n ** 40n])
})

test('a metric with more than 4 MiB is divided into several messages', async () => {
  const { registry, families } = monitored()
  registry.cardinalityLimit = 100_000
  for (let index = 0; index < 20_000; index++)
    registry.incrementCounter('db_get_operations_total', index, { store: 's'.repeat(300) + index })
  const page = (await families()).filter(({ name }) => name === 'db_get_operations_total')
  expect(page.length).toBe(2)
  const values = page.flatMap(({ metric }) => metric.map(({ counter }) => counter?.value))
  expect(values).toEqual(Array.from({ length: 20_000 }, (_, index) => index))
})

test('its buckets are those of HistogramSnapshot.exponential (100 fuzzed histograms)', async () => {
  const random = randomFrom(7)
  for (let round = 0; round < 100; round++) {
    const { registry, families } = monitored()
    const own = registry.histogram('db_get_latency_seconds')
    const spread = 1 + random() * 20
    for (let left = random() * 300; left > 0; left--)
      own.record(10 ** (-10 + random() * spread), Math.ceil(10 ** (random() * 12)))
    const histogram = findHistogram(await families(), 'db_get_latency_seconds')
    const { offset, counts, zeroCount, zeroThreshold } = own.snapshot().exponential(4, Number.POSITIVE_INFINITY)
    const expected = counts.flatMap((count, index) => (count === 0 ? [] : [[offset + index + 1, count]]))
    expect([...decodeBuckets(histogram)].filter(([, count]) => count > 0)).toEqual(expected)
    expect([Number(histogram.zeroCount), histogram.zeroThreshold]).toEqual([zeroCount, zeroThreshold])
    expect(Number(histogram.sampleCount)).toBe(own.snapshot().count)
  }
})
