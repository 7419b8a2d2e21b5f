import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { DatabaseMetrics, MetricsRegistry, type Semconv } from '@wombat/instrumentation'
import { type CollectingLogger, collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Snapshot } from '../collection/snapshot.ts'
import { SnapshotReader } from '../collection/snapshot-reader.ts'
import { IntervalLog, intervalSummary, type StoreSummary } from './log.ts'

/** Returns a registry, and its snapshots at times that the test chooses. */
function watched(semconv: Semconv = 'wombat') {
  const registry = new MetricsRegistry({ semconv })
  const reader = new SnapshotReader()
  const meter = new MeterProvider({ readers: [reader] }).getMeter('application')
  reader.follow(registry)
  const at = async (timeMs: number) => new Snapshot((await reader.collect()).resourceMetrics, timeMs)
  return { registry, meter, at, database: (store: string) => new DatabaseMetrics(registry, { store }) }
}

const second = 1_000_000_000

test('counts, rates and errors are of the interval', async () => {
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

test('quantiles are of the interval only', async () => {
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

test('operations that never ran are left out; those that did not run in the interval have a count of 0 and no quantiles', async () => {
  const { at, database } = watched()
  database('orders').recordGet(second, true)
  const before = await at(0)
  expect(intervalSummary(before, await at(1000))).toEqual([
    { store: 'orders', operations: { get: { count: 0, perSecond: 0, errors: 0 } } },
  ])
})

test('a store without operations has an empty entry', async () => {
  const { at, database } = watched()
  database('orders')
  expect(intervalSummary(undefined, await at(1000))).toEqual([{ store: 'orders', operations: {} }])
})

test('the first interval starts when the store was first measured', async () => {
  const { registry, at, database } = watched()
  const orders = database('orders')
  for (let done = 0; done < 6; done++) orders.recordSet(second, done > 0)
  const started = [...registry.families()].flatMap(({ series }) => [...series.values()].map(({ startMs }) => startMs))
  const [summary] = intervalSummary(undefined, await at(Math.max(...started) + 2000))
  expect(summary?.operations.set).toMatchObject({ count: 6, errors: 1, p50: 1 })
  expect(summary?.operations.set?.perSecond).toBeCloseTo(3, 0)
})

test('a store that is added in the interval is counted from its own start', async () => {
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

test('two snapshots at the same time have no rate', async () => {
  const { at, database } = watched()
  const orders = database('orders')
  const before = await at(5000)
  orders.recordGet(second, true)
  const [summary] = intervalSummary(before, await at(5000))
  expect(summary?.operations.get).toMatchObject({ count: 1, perSecond: 0 })
})

test('a store has an entry under every convention', async () => {
  for (const semconv of ['wombat', 'otel', 'both'] as const) {
    const { at, database } = watched(semconv)
    database('orders').recordScan(second, true, 100)
    expect(intervalSummary(undefined, await at(Date.now() + 1000))).toMatchObject([
      { store: 'orders', operations: { scan: { count: 1, errors: 0 } } },
    ])
  }
})

test('a label store of an application metric is not a measured store', async () => {
  const { meter, at, database } = watched()
  database('orders')
  meter.createCounter('app.sales').add(1, { store: 'Paris' })
  expect(intervalSummary(undefined, await at(1000)).map(({ store }) => store)).toEqual(['orders'])
})

const aDay = 86_400_000

function monitored() {
  const registry = new MetricsRegistry()
  const reader = new SnapshotReader()
  const provider = new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  return { reader, provider, logger: collectingLogger(), database: new DatabaseMetrics(registry, { store: 'orders' }) }
}

function startedLog(reader: SnapshotReader, logger: CollectingLogger, intervalMs: number): IntervalLog {
  const log = new IntervalLog({ reader, registry: new MetricsRegistry(), logger, intervalMs })
  log.start()
  return log
}

function storesIn({ lines }: CollectingLogger): StoreSummary[] {
  return lines.flatMap(({ fields }) => (fields as { stores?: StoreSummary[] }).stores ?? [])
}

test('each line covers the time since the previous one, and close writes the last one', async () => {
  const { reader, logger, database } = monitored()
  const log = startedLog(reader, logger, 10)
  for (let line = 1; line <= 3; line++) {
    for (let done = 0; done < line; done++) database.recordGet(1_000_000, true)
    await vi.waitFor(() => expect(logger.lines.length).toBeGreaterThanOrEqual(line))
  }
  database.recordGet(1_000_000, false)
  await log.close()
  for (const { level, message } of logger.lines) expect([level, message]).toEqual(['info', 'metrics'])
  const gets = storesIn(logger).map(({ operations }) => operations.get)
  expect(gets.reduce((sum, get) => sum + (get?.count ?? 0), 0)).toBe(7)
  expect(gets.reduce((sum, get) => sum + (get?.errors ?? 0), 0)).toBe(1)
})

test('no line is written after close', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const { reader, logger } = monitored()
  const log = startedLog(reader, logger, 1000)
  await log.close()
  expect(logger.lines).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(logger.lines).toHaveLength(1)
})

test('a log that is closed before its first interval writes one line', async () => {
  const { reader, logger, database } = monitored()
  const log = startedLog(reader, logger, aDay)
  database.recordSet(2_000_000_000, true)
  await log.close()
  expect(storesIn(logger)).toMatchObject([{ store: 'orders', operations: { set: { count: 1, errors: 0, p50: 2 } } }])
})

test('a collection that fails is logged with its reason', async () => {
  const { reader, provider, logger } = monitored()
  const log = startedLog(reader, logger, aDay)
  await provider.shutdown()
  await log.close()
  const fields = { reason: 'MetricReader is shutdown' }
  expect(logger.lines).toEqual([{ level: 'error', message: 'metrics could not be collected', fields }])
})

test('a log that was never started writes no line when it is closed', async () => {
  const { reader, logger } = monitored()
  await new IntervalLog({ reader, registry: new MetricsRegistry(), logger, intervalMs: aDay }).close()
  expect(logger.lines).toEqual([])
})
