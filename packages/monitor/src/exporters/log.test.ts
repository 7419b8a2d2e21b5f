import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { DatabaseMetrics, MetricsRegistry, type Semconv } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { Snapshot } from '../collection/snapshot.ts'
import { SnapshotReader } from '../collection/snapshot-reader.ts'
import { intervalSummary } from './log.ts'

/** Snapshots of a registry at moments that the test chooses. */
function watched(semconv: Semconv = 'wombat') {
  const registry = new MetricsRegistry({ semconv })
  const reader = new SnapshotReader()
  const meter = new MeterProvider({ readers: [reader] }).getMeter('application')
  reader.follow(registry)
  const at = async (timeMs: number) => new Snapshot((await reader.collect()).resourceMetrics, timeMs)
  return { registry, meter, at, database: (store: string) => new DatabaseMetrics(registry, { store }) }
}

const second = 1_000_000_000

test('counts, rates and errors are those of the interval', async () => {
  const { at, database } = watched()
  const orders = database('orders')
  for (let done = 0; done < 5; done++) orders.recordGet(second, true)
  orders.recordGet(second, false)
  const before = await at(10_000)
  for (let done = 0; done < 8; done++) orders.recordGet(second, true)
  orders.recordGet(second, false)
  orders.recordGet(second, false)
  const [summary] = intervalSummary(before, await at(14_000))
  expect(summary).toMatchObject({ store: 'orders', operations: { get: { count: 10, perSecond: 2.5, errors: 2 } } })
})

test('quantiles are those of the interval, whatever was before', async () => {
  const { at, database } = watched()
  const orders = database('orders')
  for (let done = 0; done < 1000; done++) orders.recordGet(10 * second, true)
  const before = await at(0)
  for (let done = 1; done <= 100; done++) orders.recordGet((done / 1000) * second, true)
  const [summary] = intervalSummary(before, await at(1000))
  const { p50 = 0, p95 = 0, p99 = 0 } = summary?.operations.get ?? {}
  for (const [quantile, exact] of [
    [p50, 0.05],
    [p95, 0.095],
    [p99, 0.099],
  ] as const) {
    expect(Math.abs(quantile / exact - 1)).toBeLessThan(0.032)
  }
})

test('operations that never ran are left out; those that rested have a count of 0 and no quantiles', async () => {
  const { at, database } = watched()
  database('orders').recordGet(second, true)
  const before = await at(0)
  expect(intervalSummary(before, await at(1000))).toEqual([
    { store: 'orders', operations: { get: { count: 0, perSecond: 0, errors: 0 } } },
  ])
})

test('a store that has done nothing is there with no operations', async () => {
  const { at, database } = watched()
  database('orders')
  expect(intervalSummary(undefined, await at(1000))).toEqual([{ store: 'orders', operations: {} }])
})

test('the first interval began when the store did', async () => {
  const { registry, at, database } = watched()
  const orders = database('orders')
  for (let done = 0; done < 6; done++) orders.recordSet(second, done > 0)
  const started = [...registry.families()].flatMap(({ series }) => [...series.values()].map(({ startMs }) => startMs))
  const [summary] = intervalSummary(undefined, await at(Math.max(...started) + 2000))
  expect(summary?.operations.set).toMatchObject({ count: 6, errors: 1, p50: 1 })
  expect(summary?.operations.set?.perSecond).toBeCloseTo(3, 0)
})

test('a store that appears in the interval is counted from its own start', async () => {
  const { at, database } = watched()
  database('orders').recordGet(second, true)
  const before = await at(0)
  database('users').recordDelete(second, false)
  const summaries = intervalSummary(before, await at(1000))
  expect(summaries).toMatchObject([
    { store: 'orders', operations: { get: { count: 0 } } },
    { store: 'users', operations: { delete: { count: 1, perSecond: 1, errors: 1, p99: 1 } } },
  ])
})

test('two snapshots of one moment have no rate', async () => {
  const { at, database } = watched()
  const orders = database('orders')
  const before = await at(5000)
  orders.recordGet(second, true)
  const [summary] = intervalSummary(before, await at(5000))
  expect(summary?.operations.get).toMatchObject({ count: 1, perSecond: 0 })
})

test('a store is summed up under every convention', async () => {
  for (const semconv of ['wombat', 'otel', 'both'] as const) {
    const { at, database } = watched(semconv)
    database('orders').recordScan(second, true, 100)
    expect(intervalSummary(undefined, await at(Date.now() + 1000))).toMatchObject([
      { store: 'orders', operations: { scan: { count: 1, errors: 0 } } },
    ])
  }
})

test("a label store of the application's own metrics is no store of ours", async () => {
  const { meter, at, database } = watched()
  database('orders')
  meter.createCounter('app.sales').add(1, { store: 'Paris' })
  expect(intervalSummary(undefined, await at(1000)).map(({ store }) => store)).toEqual(['orders'])
})
