import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { DataPoint, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { RegistryProducer } from '../collection/registry-producer.ts'
import { joinJsonRequests, joinProtobufRequests, splitMetrics } from './otlp-parts.ts'

/** A metric of many points between small ones. */
async function collected(points = 730): Promise<ResourceMetrics> {
  const registry = new MetricsRegistry()
  registry.incrementCounter('db_set_operations_total', 2, { store: 'orders' })
  for (let index = 0; index < points; index++) registry.incrementCounter('db_get_operations_total', index, { store: `s${index}` })
  for (let index = 0; index < 30; index++) registry.recordHistogram('db_get_latency_seconds', index, { store: `s${index}` })
  const { resourceMetrics } = await new RegistryProducer(registry).collect()
  return { ...resourceMetrics, resource: resourceFromAttributes({ 'service.name': '{"resourceMetrics":[]}' }) }
}

/** Returns the points of all parts by metric, in their order. */
function pointsByMetric(parts: Iterable<ResourceMetrics>): Record<string, DataPoint<unknown>[]> {
  const byMetric: Record<string, DataPoint<unknown>[]> = {}
  for (const { scopeMetrics } of parts) {
    for (const { descriptor, dataPoints } of scopeMetrics.flatMap(({ metrics }) => metrics))
      byMetric[descriptor.name] = [...(byMetric[descriptor.name] ?? []), ...(dataPoints as DataPoint<unknown>[])]
  }
  return byMetric
}

test('parts have a limited number of points, and together all of them in their order', async () => {
  const metrics = await collected()
  const parts = [...splitMetrics(metrics)]
  expect(parts.length).toBe(9)
  for (const part of parts) expect(Object.values(pointsByMetric([part])).flat().length).toBeLessThanOrEqual(100)
  expect(pointsByMetric(parts)).toEqual(pointsByMetric([metrics]))
})

test('what is small, and what is empty, is one part', async () => {
  const small = await collected(1)
  expect([...splitMetrics(small)]).toEqual([small])
  const empty = { ...small, scopeMetrics: [] }
  expect([...splitMetrics(empty)]).toEqual([empty])
})

test('joined requests in JSON have the points of the whole', async () => {
  const metrics = await collected()
  const request = joinJsonRequests(
    [...splitMetrics(metrics)].map((part) => JsonMetricsSerializer.serializeRequest(part) as Uint8Array),
  )
  const { resourceMetrics } = JSON.parse(Buffer.from(request).toString())
  const whole = JSON.parse(Buffer.from(JsonMetricsSerializer.serializeRequest(metrics) as Uint8Array).toString())
  const points = (all: typeof resourceMetrics) =>
    all
      .flatMap(({ scopeMetrics }: { scopeMetrics: object[] }) => scopeMetrics)
      .flatMap(({ metrics }: { metrics: object[] }) => metrics)
      .flatMap((metric: { name: string; sum?: { dataPoints: object[] }; histogram?: { dataPoints: object[] } }) =>
        (metric.sum ?? metric.histogram)?.dataPoints.map((point) => ({ ...point, name: metric.name })),
      )
  expect(points(resourceMetrics)).toEqual(points(whole.resourceMetrics))
  for (const { resource } of resourceMetrics) expect(resource).toEqual(whole.resourceMetrics[0].resource)
})

test('joined requests in protobuf are those of the parts, one after the other', async () => {
  const parts = [...splitMetrics(await collected())].map((part) => ProtobufMetricsSerializer.serializeRequest(part) as Uint8Array)
  expect(Buffer.from(joinProtobufRequests(parts)).equals(Buffer.concat(parts))).toBe(true)
})
