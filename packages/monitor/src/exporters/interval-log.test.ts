import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { DatabaseMetrics, MetricsRegistry } from '@wombat/instrumentation'
import { type CollectingLogger, collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test, vi } from 'vitest'
import { SnapshotReader } from '../collection/snapshot-reader.ts'
import { startIntervalLog } from './interval-log.ts'
import type { StoreSummary } from './log.ts'

const aDay = 86_400_000

function monitored() {
  const registry = new MetricsRegistry()
  const reader = new SnapshotReader()
  const provider = new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  return { reader, provider, logger: collectingLogger(), database: new DatabaseMetrics(registry, { store: 'orders' }) }
}

function storesIn({ lines }: CollectingLogger): StoreSummary[] {
  return lines.flatMap(({ fields }) => (fields as { stores?: StoreSummary[] }).stores ?? [])
}

test('each line says what happened since the one before, and the last one is written at the end', async () => {
  const { reader, logger, database } = monitored()
  const log = startIntervalLog(reader, 10, logger)
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

test('after it is closed no line is written', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const { reader, logger } = monitored()
  const log = startIntervalLog(reader, 1000, logger)
  await log.close()
  expect(logger.lines).toHaveLength(1)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(logger.lines).toHaveLength(1)
})

test('a log that is closed before its first interval has one line all the same', async () => {
  const { reader, logger, database } = monitored()
  const log = startIntervalLog(reader, aDay, logger)
  database.recordSet(2_000_000_000, true)
  await log.close()
  expect(storesIn(logger)).toMatchObject([{ store: 'orders', operations: { set: { count: 1, errors: 0, p50: 2 } } }])
})

test('a collection that fails is said with its reason', async () => {
  const { reader, provider, logger } = monitored()
  const log = startIntervalLog(reader, aDay, logger)
  await provider.shutdown()
  await log.close()
  const fields = { reason: 'MetricReader is shutdown' }
  expect(logger.lines).toEqual([{ level: 'error', message: 'metrics could not be collected', fields }])
})
