import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { count, opened, temporaryPath } from '../../../test/history/open-history.ts'
import { TimeSeries } from '../memory/time-series.ts'
import type { HistorySeries, Sample } from '../series.ts'
import type { DurableHistory } from './durable-history.ts'

const minute = 60_000
const hour = 60 * minute
const beginning = 1_700_000_000_000 - (1_700_000_000_000 % hour)
const counter: HistorySeries = { name: 'served_total', labels: { store: 'a' }, isCounter: true }
const gauge: HistorySeries = { name: 'depth', labels: { store: 'a' }, isCounter: false }

/** What a new process sees. */
async function remembered(path: string, nowMs: number, intervalMs = 10_000): Promise<TimeSeries> {
  const { file } = await opened(path)
  const history = new TimeSeries({ intervalMs })
  await file.restore(history, nowMs, intervalMs)
  file.close()
  return history
}

/** Writes ticks every ten seconds, and lets the folding come after each hour. */
async function write(file: DurableHistory, fromTick: number, toTick: number, samples: (tick: number) => Sample[]): Promise<void> {
  for (let tick = fromTick; tick < toTick; tick++) {
    file.append(beginning + tick * 10_000, samples(tick))
    if (tick % 360 === 0) await sleep(30)
  }
}

test('the last hour comes back in full, and older moments in coarse steps', async () => {
  const path = await temporaryPath()
  const { file } = await opened(path)
  await write(file, 0, 1000, (tick) => [
    { series: counter, value: tick },
    { series: gauge, value: Math.sin(tick) },
  ])
  await sleep(100)
  file.close()
  expect(count(path, 'chunk')).toBeGreaterThan(0)
  expect(count(path, 'tick')).toBeLessThan(1000)
  const endMs = beginning + 999 * 10_000
  const history = await remembered(path, endMs)
  const expected = Array.from({ length: 360 }, (_, index) => Math.sin(640 + index))
  expect(history.range(gauge, endMs - hour, endMs).values).toEqual(expected)
  expect(history.select('served_total')).toEqual([counter])
  const twoHours = history.range(counter, endMs - 2 * hour, endMs)
  expect(twoHours.values.length).toBeGreaterThan(120)
  expect(Array.from(twoHours.values).at(-1)).toBe(999)
})

test('a gap is a gap: a series is a value for five minutes after its last moment, and then none', async () => {
  const path = await temporaryPath()
  const { file } = await opened(path)
  await write(file, 0, 10, (tick) => [{ series: gauge, value: tick }])
  file.close()
  const lastMs = beginning + 90_000
  const history = await remembered(path, lastMs + 30 * minute)
  expect(history.at(gauge, lastMs + 5 * minute - 1)).toBe(9)
  expect(history.at(gauge, lastMs + 5 * minute)).toBe(undefined)
  history.append(lastMs + 2 * minute, [{ series: counter, value: 1 }])
  expect(history.at(gauge, lastMs + 2 * minute)).toBe(undefined)
})

test('a text is kept, and when the process was last alive is known', async () => {
  const path = await temporaryPath()
  const first = await opened(path)
  expect(first.file.metadata('alerts')).toBe(undefined)
  expect(first.file.aliveMs(beginning)).toBe(undefined)
  expect(first.file.setMetadata('alerts', '[1]')).toBe(true)
  first.file.append(beginning, [])
  first.file.append(beginning + 5, [{ series: gauge, value: 1 }])
  first.file.close()
  const { file } = await opened(path)
  expect(file.metadata('alerts')).toBe('[1]')
  expect(file.aliveMs(beginning + hour)).toBe(beginning + 5)
  expect(file.aliveMs(beginning + 1)).toBe(beginning)
})

test('what is older than the retention goes, with the series that only it had', async () => {
  const path = await temporaryPath()
  const { file } = await opened(path, { retentionMs: 2 * hour })
  const early: HistorySeries = { ...gauge, labels: { store: 'early' } }
  await write(file, 0, 360 * 5 + 1, (tick) => [
    { series: counter, value: tick },
    ...(tick < 360 ? [{ series: early, value: 1 }] : []),
  ])
  await sleep(50)
  file.append(beginning + 360 * 5 * 10_000 + 10_000, [{ series: gauge, value: 3 }])
  file.close()
  expect(count(path, 'chunk')).toBeLessThanOrEqual(3)
  const database = new DatabaseSync(path)
  // The place of the series that went is taken by the one that came last.
  expect(database.prepare('SELECT id, labels FROM series ORDER BY id').all()).toMatchObject([
    { id: 0, labels: '{"store":"a"}' },
    { id: 1, labels: '{"store":"a"}' },
  ])
  database.close()
})

test('past its size a file drops the oldest first, and does not grow', async () => {
  const path = await temporaryPath()
  const { file, counted } = await opened(path, { maxBytes: 2 ** 20, compactionIntervalMs: 10 * minute })
  const many = Array.from({ length: 200 }, (_, index) => ({ ...gauge, labels: { store: String(index) } }))
  for (let tick = 0; tick < 3000; tick++) {
    file.append(
      beginning + tick * 10_000,
      many.map((series) => ({ series, value: Math.random() })),
    )
    if (tick % 60 === 0) await sleep(10)
  }
  file.close()
  expect(statSync(path).size).toBeLessThan(1.3 * 2 ** 20)
  expect(counted.failures).toBe(0)
  const endMs = beginning + 2999 * 10_000
  const history = await remembered(path, endMs)
  expect(history.at(many[0] as HistorySeries, endMs)).toBeTypeOf('number')
  expect(history.range(many[0] as HistorySeries, 0, beginning + hour).values).toHaveLength(0)
})

test('moments without any series are folded as well, and are moments in which every series had ended', async () => {
  const path = await temporaryPath()
  const { file } = await opened(path)
  for (let tick = 0; tick < 370; tick++) {
    file.append(beginning + tick * 10_000, [])
    if (tick >= 360) await sleep(40)
  }
  file.close()
  expect(count(path, 'chunk')).toBe(1)
  expect(count(path, 'tick')).toBe(10)
  const history = await remembered(path, beginning + 2 * hour)
  expect(history.select('depth')).toEqual([])
})
