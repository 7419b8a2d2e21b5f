import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics'

/** Points that are written without a pause: about a millisecond if all are histograms. */
const maxPoints = 100

/**
 * Splits metrics into parts of a limited number of points, which together are the same request: the data model of OTLP allows that one
 * resource comes several times, and a metric with more points, too.
 */
export function* splitMetrics({ resource, scopeMetrics }: ResourceMetrics): Generator<ResourceMetrics> {
  // Without metrics, there is still a request.
  if (scopeMetrics.length === 0) yield { resource, scopeMetrics }
  for (const { scope, metrics } of scopeMetrics) {
    let part: MetricData[] = []
    let points = 0
    for (const metric of metrics.flatMap(splitMetric)) {
      const { length } = metric.dataPoints
      if (part.length > 0 && points + length > maxPoints) {
        yield { resource, scopeMetrics: [{ scope, metrics: part }] }
        part = []
        points = 0
      }
      part.push(metric)
      points += length
    }
    yield { resource, scopeMetrics: [{ scope, metrics: part }] }
  }
}

function splitMetric(metric: MetricData): MetricData[] {
  const { dataPoints } = metric
  if (dataPoints.length <= maxPoints) return [metric]
  return Array.from({ length: Math.ceil(dataPoints.length / maxPoints) }, (_, index) => {
    return { ...metric, dataPoints: dataPoints.slice(index * maxPoints, (index + 1) * maxPoints) } as MetricData
  })
}

/** Joins requests in protobuf: the lists of two messages that follow each other are one list. */
export function joinProtobufRequests(requests: readonly Uint8Array[]): Uint8Array {
  return requests.length === 1 ? (requests[0] as Uint8Array) : Buffer.concat(requests)
}

const head = '{"resourceMetrics":['
const tail = ']}'

/** Joins requests in JSON. @throws TypeError if one of them is not written as the serializer does. */
export function joinJsonRequests(requests: readonly Uint8Array[]): Uint8Array {
  if (requests.length === 1) return requests[0] as Uint8Array
  const [start, end, comma] = [head, tail, ','].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer]
  const parts: Uint8Array[] = [start]
  for (const [index, request] of requests.entries()) {
    const isExpected = Buffer.from(request.subarray(0, start.length)).equals(start) && request.at(-1) === end.at(-1)
    if (!isExpected) throw new TypeError('OpenTelemetry writes requests in JSON in another way than before')
    if (index > 0) parts.push(comma)
    parts.push(request.subarray(start.length, -end.length))
  }
  parts.push(end)
  return Buffer.concat(parts)
}
