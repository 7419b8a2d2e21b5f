import { DatabaseMetrics, instrument, MetricsRegistry } from '@wombat/instrumentation'
import { MemoryLevel } from 'memory-level'
import { expect, test } from 'vitest'
import { createHealthSource, createReport, createResult, replaceResults } from '../../../test/health-reports.ts'
import { AlertManager } from '../../alerts/manager.ts'
import { RegistryReader } from '../../collection/registry-reader.ts'
import { TimeSeries } from '../../history/memory/time-series.ts'
import { toSamples } from '../../history/series.ts'
import { RequestLimits } from '../limits/request-limits.ts'
import { QueryRunner } from '../query-runner.ts'
import { storeRoutes } from './stores.ts'

const endMs = 300_000

/**
 * Five minutes in which 300 gets of `orders` took a millisecond each, 30 sets failed, and a quarter of its look-ups were misses; `carts` is
 * open and idle, `berlin` is only a label of the application.
 */
async function ask(path: string, limits = new RequestLimits()): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
  const registry = new MetricsRegistry()
  const orders = instrument(new MemoryLevel(), { registry, name: 'orders' })
  const carts = instrument(new MemoryLevel(), { registry, name: 'carts' })
  await Promise.all([orders.open(), carts.open()])
  const metrics = new DatabaseMetrics(registry, { store: 'orders', operations: ['get', 'set'] })
  for (const name of ['db_get_hits_total', 'db_get_misses_total'] as const) registry.counter(name, { store: 'orders' })
  const reader = new RegistryReader({ attributes: {}, fromEnvironment: {} })
  reader.follow(registry)
  const history = new TimeSeries()
  for (let timeMs = 0; timeMs <= endMs; timeMs += 10_000) {
    const berlin = { series: { name: 'visits', labels: { store: 'berlin' }, isCounter: false }, value: 1 }
    history.append(timeMs, [...(await reader.take()).prometheusPoints.flatMap(toSamples), berlin])
    for (let index = 0; index < 10; index++) metrics.recordGet(1e6, true)
    metrics.recordSet(1e6, false)
    registry.incrementCounter('db_get_hits_total', 3, { store: 'orders' })
    registry.incrementCounter('db_get_misses_total', 1, { store: 'orders' })
  }
  await orders.close()
  const alerts = new AlertManager(
    [
      { name: 'Gets', condition: 'metric_above', metric: 'db_get_operations_total', threshold: 0, severity: 'info' },
      {
        name: 'Sets',
        condition: 'metric_above',
        metric: 'db_set_operations_total',
        threshold: 0,
        severity: 'info',
        durationMs: 1000,
      },
    ],
    history,
  )
  alerts.evaluate(endMs)
  const critical = createResult('critical', 'disk_space', 'orders', 'Insufficient disk space')
  const health = createHealthSource(createReport(replaceResults(critical)))
  const runner = new QueryRunner(history, registry, () => endMs, limits)
  const response = await storeRoutes({ runner, alerts, health }).request(path)
  return { status: response.status, body: await response.json() }
}

test('all stores are listed with their state, health, alerts and numbers', async () => {
  const { body } = await ask('/api/v1/stores')
  expect(body.timeMs).toBe(endMs)
  const [carts, orders, ...others] = body.stores
  expect(others).toEqual([])
  expect(orders).toMatchObject({
    store: 'orders',
    adapter: 'abstract-level',
    state: 'closed',
    health: 'critical',
    operationsPerSecond: expect.closeTo(1.1, 6),
    errorsPerSecond: expect.closeTo(0.1, 6),
    errorShare: expect.closeTo(1 / 11, 6),
    p99Seconds: expect.closeTo(0.001, 3),
    hitRatio: expect.closeTo(0.75, 6),
    firing: 1,
    pending: 1,
  })
  expect(orders.operations).toEqual(expect.arrayContaining(['get', 'set']))
  expect(orders.metrics).toEqual(expect.arrayContaining(['db_get_latency_seconds', 'db_get_operations_total']))
  expect(orders.metrics).toEqual([...orders.metrics].sort())
  expect(carts).toMatchObject({ store: 'carts', state: 'open', health: 'healthy', operationsPerSecond: 0, firing: 0, pending: 0 })
  // What is unknown is left out: there were no operations, and there is no cache.
  expect(Object.keys(carts)).not.toEqual(expect.arrayContaining(['errorShare']))
  expect(Object.keys(carts)).not.toEqual(expect.arrayContaining(['p99Seconds']))
  expect(Object.keys(carts)).not.toEqual(expect.arrayContaining(['hitRatio']))
})

test('the period of the rates can be chosen', async () => {
  expect((await ask('/api/v1/stores?window=1m')).body.stores[1].operationsPerSecond).toBeCloseTo(1.1, 6)
  expect(await ask('/api/v1/stores?window=soon')).toEqual({
    status: 400,
    body: { error: 'window must be a time such as 30s, 5m or 1h, got "soon"' },
  })
})

test('the rate of a store that is younger than the window is that of the time that is known', async () => {
  const { body } = await ask('/api/v1/stores?window=1d')
  expect(body.stores[1].operationsPerSecond).toBeCloseTo(1.1, 6)
})

test('a window in which too many samples would be read is refused', async () => {
  const limits = new RequestLimits({ queryMaxSamples: 1000 })
  const { status, body } = await ask('/api/v1/stores?window=5m', limits)
  expect(status).toBe(400)
  expect(body.error).toMatch(
    /^a query may read at most 1000 samples \(queryMaxSamples\), this one would read \d+ \(1 step of \d+ series, each with a window of 5m\): use a shorter window$/,
  )
  expect((await ask('/api/v1/stores?window=10s', limits)).status).toBe(200)
})
