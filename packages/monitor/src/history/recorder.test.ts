import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test, vi } from 'vitest'
import { SnapshotReader } from '../collection/snapshot-reader.ts'
import { SystemClock } from '../time/clock.ts'
import { HistoryRecorder } from './recorder.ts'
import { DurableHistory } from './sqlite/durable-history.ts'

function monitored() {
  const registry = new MetricsRegistry()
  const reader = new SnapshotReader()
  new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  registry.incrementCounter('db_get_operations_total', 3, { store: 'orders' })
  return { registry, reader, logger: collectingLogger(), clock: new SystemClock(), maxBytes: 2 ** 24 }
}

async function durableHistory(): Promise<() => Promise<DurableHistory>> {
  const folder = await mkdtemp(join(tmpdir(), 'wombat-recorder-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return async () => {
    const durable = await DurableHistory.open({
      path: join(folder, 'history'),
      retentionMs: 86_400_000,
      maxBytes: 2 ** 24,
      logger: collectingLogger(),
    })
    onTestFinished(() => durable.close())
    return durable
  }
}

/** Returns the values of the store's gets in the last ten minutes. */
function gets({ history }: HistoryRecorder): number[] {
  const [series] = history.select('db_get_operations_total', { store: 'orders' })
  return series === undefined ? [] : Array.from(history.range(series, Date.now() - 600_000, Date.now()).values)
}

test('a sample is in memory and on disk', async () => {
  const open = await durableHistory()
  const durable = await open()
  const recorder = new HistoryRecorder({ ...monitored(), intervalMs: 1000, durable })
  await recorder.sample()
  expect(gets(recorder)).toEqual([3])
  expect(durable.lastSampleMs(Date.now())).toBeGreaterThan(Date.now() - 10_000)
})

test('a sample that is asked for during the restore comes after the restored samples', async () => {
  const open = await durableHistory()
  const earlier = await open()
  const series = { name: 'db_get_operations_total', labels: { store: 'orders' }, isCounter: true }
  const nowMs = Date.now()
  for (const [index, value] of [1, 2].entries()) earlier.append(nowMs - 120_000 + index * 60_000, [{ series, value }])
  earlier.close()
  const recorder = new HistoryRecorder({ ...monitored(), intervalMs: 1000, durable: await open() })
  recorder.start()
  onTestFinished(() => recorder.close())
  await recorder.sample()
  expect(gets(recorder)).toEqual([1, 2, 3])
})

test('samples come every interval until the recorder is closed', async () => {
  const recorder = new HistoryRecorder({ ...monitored(), intervalMs: 100, durable: undefined })
  recorder.start()
  await vi.waitFor(() => expect(gets(recorder).length).toBeGreaterThan(1), 5000)
  recorder.close()
  const count = gets(recorder).length
  await recorder.sample()
  expect(gets(recorder)).toHaveLength(count)
})

test('series for which there is no memory are counted, and logged once', async () => {
  const setUp = { ...monitored(), maxBytes: 2 ** 20 }
  const recorder = new HistoryRecorder({ ...setUp, intervalMs: 1000, durable: undefined })
  const many = Array.from({ length: 2000 }, (_, index) => ({
    series: { name: 'app_series', labels: { store: 'large', index: `${index}` }, isCounter: false },
    value: 1,
  }))
  for (let times = 0; times < 3; times++) {
    recorder.history.append(setUp.clock.nowMs(), many)
    await recorder.sample()
  }
  const lines = setUp.logger.lines.filter(({ message }) => message.includes('has no room for all series'))
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ level: 'warn', fields: { droppedSamples: expect.any(Number), maxBytes: 2 ** 20 } })
  const counted = await setUp.reader.take()
  expect(JSON.stringify(counted)).toContain('wombat_monitor_history_dropped_samples_total')
})

test('a collection that fails is logged with its reason', async () => {
  const setUp = monitored()
  const { logger } = setUp
  const recorder = new HistoryRecorder({ ...setUp, reader: new SnapshotReader(), intervalMs: 100, durable: undefined })
  recorder.start()
  onTestFinished(() => recorder.close())
  await vi.waitFor(() => expect(logger.lines).not.toEqual([]), 5000)
  expect(logger.lines[0]).toMatchObject({
    level: 'error',
    message: 'the metrics could not be recorded in the history',
    fields: { reason: expect.stringContaining('MeterProvider') },
  })
})

test('the series of a store that was forgotten ends in the history, and what it had counted stays there', async () => {
  const { registry, ...rest } = monitored()
  const recorder = new HistoryRecorder({ registry, ...rest, intervalMs: 1000, durable: undefined })
  await recorder.sample()
  const [series] = recorder.history.select('db_get_operations_total', { store: 'orders' })
  if (series === undefined) throw new Error('expected the series')
  expect(recorder.history.at(series, Date.now())).toBe(3)
  registry.forget('orders')
  await new Promise((resolve) => setTimeout(resolve, 2))
  await recorder.sample()
  expect(recorder.history.at(series, recorder.history.lastMs ?? 0)).toBe(undefined)
  expect(gets(recorder)).toEqual([3])
  expect([...recorder.history.currentSeries('orders')]).toEqual([])
})
