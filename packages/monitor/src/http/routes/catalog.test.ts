import { DatabaseMetrics, MetricsRegistry } from '@wombat/instrumentation'
import type { Hono } from 'hono'
import { expect, test } from 'vitest'
import { RegistryReader } from '../../collection/registry-reader.ts'
import { TimeSeries } from '../../history/memory/time-series.ts'
import { toSamples } from '../../history/series.ts'
import { QueryRunner } from '../query-runner.ts'
import { catalogRoutes } from './catalog.ts'

/** The history of a store of which two gets were recorded, of a metric that the application declared, and of three that it did not. */
async function routes(): Promise<Hono> {
  const registry = new MetricsRegistry()
  new DatabaseMetrics(registry, { store: 'orders', operations: ['get'] }).recordGet(1e6, true)
  registry.declare({ name: 'app_jobs_total', kind: 'counter', unit: '{job}', description: 'Jobs.', attributes: ['queue'] })
  registry.incrementCounter('app_jobs_total', 3, { queue: 'mail' })
  const reader = new RegistryReader({ attributes: {}, fromEnvironment: {} })
  reader.follow(registry)
  const history = new TimeSeries()
  const foreign = ['http_seconds_bucket', 'http_seconds_sum', 'http_seconds_count', 'http_open', 'strange_count'].map((name) => ({
    series: {
      name,
      labels: { route: '/', ...(name.endsWith('bucket') && { le: '+Inf' }) },
      isCounter: name.startsWith('http_s'),
    },
    value: 1,
  }))
  history.append(1000, [...(await reader.take()).prometheusPoints.flatMap(toSamples), ...foreign])
  return catalogRoutes(new QueryRunner(history, registry, () => 1000))
}

async function get(path: string): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
  const response = await (await routes()).request(path)
  return { status: response.status, body: await response.json() }
}

test('the catalog has every metric, those without series too', async () => {
  const { body } = await get('/api/v1/catalog')
  const byName = new Map<string, object>(body.metrics.map((metric: { name: string }) => [metric.name, metric]))
  expect(body.metrics.map(({ name }: { name: string }) => name)).toEqual([...byName.keys()].sort())
  expect(byName.get('db_get_latency_seconds')).toEqual({
    name: 'db_get_latency_seconds',
    kind: 'histogram',
    unit: 's',
    description: 'Duration of a get, from call to settlement.',
    labels: ['store'],
    series: 1,
  })
  expect(byName.get('db_level_bytes')).toMatchObject({ kind: 'gauge', unit: 'By', labels: ['store', 'level'], series: 0 })
  expect(byName.get('app_jobs_total')).toMatchObject({ kind: 'counter', unit: '{job}', labels: ['queue'], series: 1 })
  expect(byName.get('http_seconds')).toEqual({ name: 'http_seconds', kind: 'histogram', labels: ['route'], series: 1 })
  expect(byName.get('http_open')).toEqual({ name: 'http_open', kind: 'gauge', labels: ['route'], series: 1 })
  expect(byName.get('strange_count')).toMatchObject({ kind: 'gauge', series: 1 })
  expect([...byName.keys()].filter((name) => /http_seconds_|db_get_latency_seconds_/.test(name))).toEqual([])
})

test('one metric has the values of its labels', async () => {
  const { body } = await get('/api/v1/catalog/db_get_operations_total')
  expect(body).toMatchObject({ name: 'db_get_operations_total', kind: 'counter', series: 1, values: { store: ['orders'] } })
  expect((await get('/api/v1/catalog/db_level_bytes')).body.values).toEqual({})
})

test('an unknown metric is a 404 with the nearest name', async () => {
  expect(await get('/api/v1/catalog/db_get_operation_total')).toEqual({
    status: 404,
    body: { error: 'there is no metric "db_get_operation_total": did you mean db_get_operations_total?' },
  })
})
