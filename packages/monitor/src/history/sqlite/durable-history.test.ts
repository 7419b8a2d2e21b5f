import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { count, opened, temporaryPath } from '../../../test/history/open-history.ts'
import { TimeSeries } from '../memory/time-series.ts'
import type { HistorySeries, Sample } from '../series.ts'
import type { DurableHistory } from './durable-history.ts'

const minute = 60_000
const hour = 60 * minute
const interval = 10_000
const samplesPerHour = hour / interval
const beginning = 1_700_000_000_000 - (1_700_000_000_000 % hour)
const counter: HistorySeries = { name: 'served_total', labels: { store: 'a' }, isCounter: true }
const gauge: HistorySeries = { name: 'depth', labels: { store: 'a' }, isCounter: false }

/** Returns the history that a new process restores. */
async function restored(path: string, nowMs: number): Promise<TimeSeries> {
  const { file } = await opened(path)
  const history = new TimeSeries({ intervalMs: interval })
  await file.restore(history, nowMs)
  file.close()
  return history
}

/** Writes samples every ten seconds. After each period, waits for its compaction, which starts with the next sample. */
async function write(
  file: DurableHistory,
  fromIndex: number,
  toIndex: number,
  samples: (index: number) => Sample[],
  samplesPerPeriod = samplesPerHour,
): Promise<void> {
  for (let index = fromIndex; index < toIndex; index++) {
    file.append(beginning + index * interval, samples(index))
    if (index % samplesPerPeriod === 0) await file.idle()
  }
  await file.idle()
}

test('the last hour is restored in full, and older samples in coarse steps', async () => {
  const path = await temporaryPath()
  const { file } = await opened(path)
  await write(file, 0, 1000, (index) => [
    { series: counter, value: index },
    { series: gauge, value: Math.sin(index) },
  ])
  file.close()
  expect(count(path, 'chunk')).toBeGreaterThan(0)
  expect(count(path, 'tick')).toBeLessThan(1000)
  const endMs = beginning + 999 * interval
  const history = await restored(path, endMs)
  const expected = Array.from({ length: samplesPerHour }, (_, index) => Math.sin(640 + index))
  expect(history.range(gauge, endMs - hour, endMs).values).toEqual(expected)
  expect(history.select('served_total')).toEqual([counter])
  const twoHours = history.range(counter, endMs - 2 * hour, endMs)
  expect(twoHours.values.length).toBeGreaterThan(120)
  expect(Array.from(twoHours.values).at(-1)).toBe(999)
})

test('after a gap, a series has a value for five minutes after its last sample, and then none', async () => {
  const path = await temporaryPath()
  const { file } = await opened(path)
  await write(file, 0, 10, (index) => [{ series: gauge, value: index }])
  file.close()
  const lastMs = beginning + 90_000
  const history = await restored(path, lastMs + 30 * minute)
  expect(history.at(gauge, lastMs + 5 * minute - 1)).toBe(9)
  expect(history.at(gauge, lastMs + 5 * minute)).toBe(undefined)
  history.append(lastMs + 2 * minute, [{ series: counter, value: 1 }])
  expect(history.at(gauge, lastMs + 2 * minute)).toBe(undefined)
})

test('metadata and the time of the last sample are known to the next process', async () => {
  const path = await temporaryPath()
  const first = await opened(path)
  expect(first.file.metadata('alerts')).toBe(undefined)
  expect(first.file.lastSampleMs(beginning)).toBe(undefined)
  expect(first.file.setMetadata('alerts', '[1]')).toBe(true)
  first.file.append(beginning, [])
  first.file.append(beginning + 5, [{ series: gauge, value: 1 }])
  first.file.close()
  const { file } = await opened(path)
  expect(file.metadata('alerts')).toBe('[1]')
  expect(file.lastSampleMs(beginning + hour)).toBe(beginning + 5)
  // The clock was set back since: the last sample is not later than now.
  expect(file.lastSampleMs(beginning + 1)).toBe(beginning + 1)
})

test('samples older than the retention are deleted, with the series that have no other samples', async () => {
  const path = await temporaryPath()
  const { file } = await opened(path, { retentionMs: 2 * hour })
  const early: HistorySeries = { ...gauge, labels: { store: 'early' } }
  await write(file, 0, samplesPerHour * 5 + 1, (index) => [
    { series: counter, value: index },
    ...(index < samplesPerHour ? [{ series: early, value: 1 }] : []),
  ])
  file.append(beginning + (samplesPerHour * 5 + 1) * interval, [{ series: gauge, value: 3 }])
  file.close()
  expect(count(path, 'chunk')).toBeLessThanOrEqual(3)
  const database = new DatabaseSync(path)
  // The newest series reuses the id of the deleted one.
  expect(database.prepare('SELECT id, labels FROM series ORDER BY id').all()).toMatchObject([
    { id: 0, labels: '{"store":"a"}' },
    { id: 1, labels: '{"store":"a"}' },
  ])
  database.close()
})

test('above its maximum size, a file loses its oldest samples first and does not grow', async () => {
  const path = await temporaryPath()
  const { file, counted } = await opened(path, { maxBytes: 2 ** 20, compactionIntervalMs: 10 * minute })
  const many = Array.from({ length: 200 }, (_, index) => ({ ...gauge, labels: { store: String(index) } }))
  await write(file, 0, 3000, () => many.map((series) => ({ series, value: Math.random() })), samplesPerHour / 6)
  file.close()
  expect(statSync(path).size).toBeLessThan(1.3 * 2 ** 20)
  expect(counted.failures).toBe(0)
  const endMs = beginning + 2999 * interval
  const history = await restored(path, endMs)
  expect(history.at(many[0] as HistorySeries, endMs)).toBeTypeOf('number')
  expect(history.range(many[0] as HistorySeries, 0, beginning + hour).values).toHaveLength(0)
})

test('samples without any series are compacted as well, and end every series', async () => {
  const path = await temporaryPath()
  const { file } = await opened(path)
  await write(file, 0, samplesPerHour + 10, () => [])
  file.close()
  expect(count(path, 'chunk')).toBe(1)
  expect(count(path, 'tick')).toBe(10)
  const history = await restored(path, beginning + 2 * hour)
  expect(history.select('depth')).toEqual([])
})
