import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import type { DataPoint, MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { Exemplar } from '@wombat/instrumentation'
import type { FineExponentialHistogram, FineHistogram } from '../collection/registry-producer.ts'

/** Writes metrics as the body of an OTLP request. */
export type SerializeMetrics = (metrics: ResourceMetrics) => Uint8Array | undefined

/** What the data points of a registry's histograms have, and OpenTelemetry's serializer does not write. */
interface Additions {
  readonly exemplars: readonly Exemplar[]
  /** Of an exponential histogram only. */
  readonly zeroThreshold: number | undefined
}

/**
 * Adds exemplars, and the zero threshold of exponential histograms, to requests in protobuf. OpenTelemetry's serializer has neither
 * (opentelemetry-js#5147), but it keeps the order of the metrics and of their points: what a point has more is appended to its message, and
 * everything else is copied as it is. Numbers of fields: opentelemetry-proto 1.7, `metrics.proto`.
 */
export function withProtobufAdditions(serialize: SerializeMetrics): SerializeMetrics {
  return (metrics) => {
    const request = serialize(metrics)
    if (request === undefined || !hasAdditions(metrics)) return request
    const scopes = metrics.scopeMetrics.map((scope) => scope.metrics)
    return rewrite(request, 1, () => (resource) => rewrite(resource, 2, (scope) => writeScope(scopes[scope] ?? [])))
  }
}

/** Adds the same to requests in JSON. */
export function withJsonAdditions(serialize: SerializeMetrics): SerializeMetrics {
  return (metrics) => {
    const request = serialize(metrics)
    if (request === undefined || !hasAdditions(metrics)) return request
    const body: JsonRequest = JSON.parse(new TextDecoder().decode(request))
    for (const [scope, { metrics: ofScope }] of metrics.scopeMetrics.entries()) {
      for (const [index, { dataPoints }] of ofScope.entries()) {
        const written = body.resourceMetrics[0]?.scopeMetrics[scope]?.metrics[index]
        const points = (written?.histogram ?? written?.exponentialHistogram)?.dataPoints
        for (const [at, point] of dataPoints.entries()) {
          const additions = readAdditions(point)
          const target = points?.[at]
          if (target === undefined || additions === undefined) continue
          const { exemplars, zeroThreshold } = additions
          if (zeroThreshold !== undefined) target['zeroThreshold'] = zeroThreshold
          if (exemplars.length > 0) target['exemplars'] = exemplars.map(jsonExemplar)
        }
      }
    }
    return new TextEncoder().encode(JSON.stringify(body))
  }
}

interface JsonPoints {
  readonly dataPoints: Array<Record<string, unknown>>
}

interface JsonRequest {
  readonly resourceMetrics: ReadonlyArray<{
    readonly scopeMetrics: ReadonlyArray<{
      readonly metrics: ReadonlyArray<{ readonly histogram?: JsonPoints; readonly exponentialHistogram?: JsonPoints }>
    }>
  }>
}

/** In JSON, ids are hexadecimal and 64-bit integers are texts. */
function jsonExemplar({ value, timeMs, traceId, spanId }: Exemplar) {
  return { timeUnixNano: nanoseconds(timeMs).toString(), asDouble: value, spanId, traceId }
}

function hasAdditions({ scopeMetrics }: ResourceMetrics): boolean {
  return scopeMetrics.some(({ metrics }) => metrics.some(hasAny))
}

function hasAny({ dataPoints }: MetricData): boolean {
  return (dataPoints as Array<DataPoint<unknown>>).some((point) => readAdditions(point) !== undefined)
}

/** Returns what a point has more; undefined if it is nothing. Only histograms of a registry have anything. */
function readAdditions({ value }: DataPoint<unknown>): Additions | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { snapshot } = value as Partial<FineHistogram | FineExponentialHistogram>
  if (snapshot === undefined) return undefined
  const { exemplars, buckets } = snapshot
  const zeroThreshold = 'scale' in value ? buckets.edges[1] : undefined
  return exemplars.length === 0 && zeroThreshold === undefined ? undefined : { exemplars, zeroThreshold }
}

/** Returns what is written instead of a message; undefined if it stays as it is. */
type Change = ((message: Uint8Array) => Uint8Array) | undefined

const metricsField = 2
const dataPointsField = 1
const zeroThresholdField = 14
/** The numbers of the exemplars in a point, by the number of the kind of histogram in its metric. */
const exemplarsFields: ReadonlyMap<number, number> = new Map([
  [9, 8],
  [10, 11],
])

function writeScope(metrics: readonly MetricData[]): Change {
  if (!metrics.some(hasAny)) return undefined
  return (scope) => rewrite(scope, metricsField, (index) => writeMetric(metrics[index]))
}

function writeMetric(metric: MetricData | undefined): Change {
  if (metric === undefined || !hasAny(metric)) return undefined
  const { dataPoints } = metric
  return (message) => {
    let written = message
    for (const [kind, exemplarsField] of exemplarsFields) {
      written = rewrite(
        written,
        kind,
        () => (histogram) =>
          rewrite(histogram, dataPointsField, (index) => {
            const additions = readAdditions(dataPoints[index] as DataPoint<unknown>)
            return additions && ((point) => append(point, additions, exemplarsField))
          }),
      )
    }
    return written
  }
}

/** Copies a message and changes those in one field. `change` gets the index of each among the messages in the field. */
function rewrite(message: Uint8Array, field: number, change: (index: number) => Change): Uint8Array {
  const reader = new BinaryReader(message)
  const writer = new BinaryWriter()
  let index = 0
  let copiedTo = 0
  while (reader.pos < reader.len) {
    const start = reader.pos
    const [number, type] = reader.tag()
    if (number !== field || type !== WireType.LengthDelimited) {
      reader.skip(type, number)
      continue
    }
    const content = reader.bytes()
    const write = change(index++)
    if (write === undefined) continue
    writer.raw(message.subarray(copiedTo, start)).tag(field, WireType.LengthDelimited).bytes(write(content))
    copiedTo = reader.pos
  }
  return copiedTo === 0 ? message : writer.raw(message.subarray(copiedTo)).finish()
}

function append(point: Uint8Array, { exemplars, zeroThreshold }: Additions, field: number): Uint8Array {
  const writer = new BinaryWriter().raw(point)
  for (const { value, timeMs, traceId, spanId } of exemplars) {
    writer.tag(field, WireType.LengthDelimited).fork()
    writer.tag(2, WireType.Bit64).fixed64(nanoseconds(timeMs))
    writer.tag(3, WireType.Bit64).double(value)
    writer.tag(4, WireType.LengthDelimited).bytes(Buffer.from(spanId, 'hex'))
    writer.tag(5, WireType.LengthDelimited).bytes(Buffer.from(traceId, 'hex'))
    writer.join()
  }
  if (zeroThreshold !== undefined) writer.tag(zeroThresholdField, WireType.Bit64).double(zeroThreshold)
  return writer.finish()
}

function nanoseconds(timeMs: number): bigint {
  return BigInt(Math.round(timeMs)) * 1_000_000n
}
