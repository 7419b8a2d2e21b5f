import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { RegistryProducer, type RegistryProducerOptions } from '../collection/registry-producer.ts'
import { withJsonAdditions, withProtobufAdditions } from './otlp-additions.ts'

const exemplar = (value: number, timeMs: number) => ({
  value,
  timeMs,
  traceId: `${timeMs}`.padStart(32, 'a'),
  spanId: `${timeMs}`.padStart(16, 'b'),
})

/** Two stores of which the second has exemplars, between other metrics. */
async function collected(options: RegistryProducerOptions = {}, hasExemplars = true): Promise<ResourceMetrics> {
  const registry = new MetricsRegistry()
  registry.incrementCounter('db_get_operations_total', 2, { store: 'orders' })
  registry.recordHistogram('db_get_latency_seconds', 0.25, { store: 'other' })
  const latency = registry.histogram('db_get_latency_seconds', { store: 'orders' })
  for (const [value, timeMs] of [
    [0.003, 1_700_000_000_123],
    [7, 1_700_000_000_456],
  ] as const) {
    latency.record(value)
    if (hasExemplars) latency.setExemplar(exemplar(value, timeMs))
  }
  registry.setGaugeWithLabels('db_open_iterators', 1, { store: 'orders' })
  const { resourceMetrics } = await new RegistryProducer(registry, options).collect()
  return { ...resourceMetrics, resource: resourceFromAttributes({ 'service.name': 'shop' }) }
}

/** Returns the messages in a field of a message. */
function messages(message: Uint8Array, field: number): Uint8Array[] {
  const reader = new BinaryReader(message)
  const found: Uint8Array[] = []
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    if (number === field && type === WireType.LengthDelimited) found.push(reader.bytes())
    else reader.skip(type, number)
  }
  return found
}

function readExemplar(message: Uint8Array) {
  const reader = new BinaryReader(message)
  const fields: Record<number, unknown> = {}
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    if (type === WireType.Bit64) fields[number] = number === 3 ? reader.double() : reader.fixed64()
    else fields[number] = Buffer.from(reader.bytes()).toString('hex')
  }
  return { value: fields[3], timeMs: Number(fields[2]) / 1e6, traceId: fields[5], spanId: fields[4] }
}

function readZeroThreshold(point: Uint8Array): number | undefined {
  const reader = new BinaryReader(point)
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    if (number === 14) return reader.double()
    reader.skip(type, number)
  }
  return undefined
}

const cases = [
  ['explicit', 9, 8],
  ['exponential', 10, 11],
] as const
for (const [histograms, kind, field] of cases) {
  test(`protobuf: ${histograms} histograms have their exemplars, and everything else is as without them`, async () => {
    const metrics = await collected({ histograms })
    const serialize = (one: ResourceMetrics) => ProtobufMetricsSerializer.serializeRequest(one)
    const request = withProtobufAdditions(serialize)(metrics) ?? new Uint8Array()
    const points = (body: Uint8Array): Uint8Array[] =>
      messages(body, 1)
        .flatMap((one) => messages(one, 2))
        .flatMap((one) => messages(one, 2))
        .flatMap((one) => messages(one, kind))
        .flatMap((one) => messages(one, 1))
    expect(points(request).map((point) => messages(point, field).map(readExemplar))).toEqual([
      [],
      [exemplar(0.003, 1_700_000_000_123), exemplar(7, 1_700_000_000_456)],
      ...points(request)
        .slice(2)
        .map(() => []),
    ])
    const plain = serialize(metrics) ?? new Uint8Array()
    expect(
      points(plain).map((point, index) => Buffer.compare(point, points(request)[index]?.subarray(0, point.length) ?? point)),
    ).toEqual(points(plain).map(() => 0))
    const thresholds = points(request).map(readZeroThreshold)
    expect(thresholds.filter((one) => one !== undefined)).toEqual(histograms === 'exponential' ? thresholds : [])
    if (histograms === 'exponential') expect(thresholds[0]).toBe(2 ** -27)
    // Without the exemplars, the thresholds and with the lengths of the messages around them, nothing is left.
    const thresholdBytes = 9 * thresholds.filter((one) => one !== undefined).length
    expect(request.length - plain.length - thresholdBytes).toBeGreaterThan(2 * (16 + 8 + 8 + 8))
    expect(request.length - plain.length - thresholdBytes).toBeLessThan(2 * (16 + 8 + 8 + 8 + 10) + 10 + thresholds.length)
  })

  test(`JSON: ${histograms} histograms have their exemplars, and everything else is as without them`, async () => {
    const metrics = await collected({ histograms })
    const serialize = (one: ResourceMetrics) => JsonMetricsSerializer.serializeRequest(one)
    const read = (body: Uint8Array | undefined) => JSON.parse(Buffer.from(body ?? []).toString())
    const request = read(withJsonAdditions(serialize)(metrics))
    const written = JSON.stringify(request).match(/"exemplars":\[.*?\]/g)
    expect(written).toEqual([
      `"exemplars":${JSON.stringify(
        [exemplar(0.003, 1_700_000_000_123), exemplar(7, 1_700_000_000_456)].map(({ value, timeMs, traceId, spanId }) => ({
          timeUnixNano: `${timeMs}000000`,
          asDouble: value,
          spanId,
          traceId,
        })),
      )}`,
    ])
    const thresholds = JSON.stringify(request).match(/"zeroThreshold":[^,}]+/g) ?? []
    if (histograms === 'exponential') expect(thresholds[0]).toBe(`"zeroThreshold":${2 ** -27}`)
    else expect(thresholds).toEqual([])
    const without = JSON.stringify(request)
      .replace(`,${written?.[0]}`, '')
      .replaceAll(/,"zeroThreshold":[^,}]+/g, '')
    expect(JSON.parse(without)).toEqual(read(serialize(metrics)))
  })
}

test('a request without exemplars is not touched', async () => {
  const metrics = await collected({}, false)
  const request = new Uint8Array([1, 2, 3])
  expect(withProtobufAdditions(() => request)(metrics)).toBe(request)
  expect(withJsonAdditions(() => request)(metrics)).toBe(request)
  expect(withProtobufAdditions(() => undefined)(await collected())).toBeUndefined()
})

test('with delta temporality, an exemplar is exported once', async () => {
  const registry = new MetricsRegistry()
  const producer = new RegistryProducer(registry, { temporality: 'delta' })
  const latency = registry.histogram('db_get_latency_seconds', { store: 'orders' })
  const send = async () => {
    const { resourceMetrics } = await producer.collect()
    const metrics = { ...resourceMetrics, resource: resourceFromAttributes({}) }
    const body = withJsonAdditions((one) => JsonMetricsSerializer.serializeRequest(one))(metrics)
    return (
      Buffer.from(body ?? [])
        .toString()
        .match(/"traceId":"\w+"/g)?.length ?? 0
    )
  }
  latency.record(0.003)
  latency.setExemplar(exemplar(0.003, 1))
  expect(await send()).toBe(1)
  expect(await send()).toBe(0)
  latency.setExemplar(exemplar(0.003, 2))
  expect(await send()).toBe(1)
})
