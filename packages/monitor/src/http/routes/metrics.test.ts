import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { DatabaseMetrics, MetricsRegistry, type Semconv } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { SnapshotReader } from '../../collection/snapshot-reader.ts'
import { RecentHistograms } from '../../exporters/recent-histograms.ts'
import { jsonRoutes, prometheusRoutes } from './metrics.ts'

/** Both routes on one reader, and a meter of the application. */
function monitored(semconv: Semconv = 'wombat') {
  const registry = new MetricsRegistry({ semconv })
  const reader = new SnapshotReader()
  const provider = new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  const database = new DatabaseMetrics(registry, { store: 'orders', operations: ['get'] })
  database.recordGet(500_000_000, true)
  database.updateCacheUse(3, 1)
  const prometheus = prometheusRoutes(reader, registry, { nativeHistograms: true })
  const json = jsonRoutes(reader, registry, new RecentHistograms())
  return {
    provider,
    meter: provider.getMeter('application'),
    prometheus,
    json,
    both: { '/metrics': prometheus, '/api/v1/metrics': json },
  }
}

test('/metrics answers with Prometheus text and the version of the format', async () => {
  const response = await monitored().prometheus.request('/metrics')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await response.text()).toContain('\ndb_get_operations_total{store="orders"} 1\n')
})

test('/api/v1/metrics answers with JSON', async () => {
  const response = await monitored().json.request('/api/v1/metrics')
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/json')
  const { metrics, derived } = (await response.json()) as { metrics: object[]; derived: object[] }
  const gets = { name: 'db_get_operations_total', type: 'counter', labels: { store: 'orders' }, value: 1 }
  expect(metrics).toContainEqual(expect.objectContaining(gets))
  expect(derived).toEqual([{ name: 'db_cache_hit_ratio', labels: { store: 'orders' }, value: 0.75 }])
})

test('with semconv otel, no endpoint has the operation names of Wombat', async () => {
  const { both } = monitored('otel')
  for (const [path, routes] of Object.entries(both)) {
    const text = await (await routes.request(path)).text()
    expect(text).not.toContain('db_get_')
    expect(text).toMatch(/db.client.operation.duration/)
  }
})

test('after the reader was shut down, both answer 503 with the reason', async () => {
  const { provider, prometheus, json } = monitored()
  await provider.shutdown()
  const text = await prometheus.request('/metrics')
  expect([text.status, await text.text()]).toEqual([503, 'collection failed: MetricReader is shutdown\n'])
  const body = await json.request('/api/v1/metrics')
  expect([body.status, await body.json()]).toEqual([503, { error: 'collection failed: MetricReader is shutdown' }])
  expect([text, body].map(({ headers }) => headers.get('retry-after'))).toEqual(['1', '1'])
})

test('while a callback of the application throws, both answer 503 with the kind of error, and recover afterwards', async () => {
  const { meter, both } = monitored()
  let broken = true
  meter.createObservableGauge('app.temperature').addCallback((result) => {
    if (broken) throw new RangeError('no sensor at /a/path')
    result.observe(21)
  })
  for (const [path, routes] of Object.entries(both)) {
    broken = true
    const failed = await routes.request(path)
    expect(failed.status).toBe(503)
    const text = await failed.text()
    expect(text).toContain('collection failed: a callback threw RangeError')
    expect(text).not.toContain('/a/path')
    broken = false
    expect((await routes.request(path)).status).toBe(200)
  }
})

test('concurrent scrapes of both formats share one collection', async () => {
  const { meter, prometheus, json } = monitored()
  let collections = 0
  meter.createObservableCounter('app.collections').addCallback(async (result) => {
    result.observe(++collections)
    await new Promise((resolve) => setImmediate(resolve))
  })
  const responses = await Promise.all([
    prometheus.request('/metrics'),
    prometheus.request('/metrics'),
    json.request('/api/v1/metrics'),
    json.request('/api/v1/metrics'),
  ])
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(collections).toBe(1)
  await prometheus.request('/metrics')
  expect(collections).toBe(2)
})
