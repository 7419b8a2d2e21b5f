import { expect, test } from 'vitest'
import { TimeSlices } from '../time/time-slices.ts'
import { TimeSeries } from './memory/time-series.ts'
import { checkQueryCost, QueryCostError } from './query-cost.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const nowMs = 40 * dayMs
const series = { name: 'served_total', labels: {}, isCounter: true }

/** A month of one counter: quarters of an hour, then minutes, then every ten seconds. */
function month(): TimeSeries {
  const history = new TimeSeries()
  const periods = [
    [31 * dayMs, hourMs / 4],
    [dayMs, 60_000],
    [hourMs, 10_000],
    [0, 1],
  ] as const
  for (const [index, [fromMs, stepMs]] of periods.slice(0, -1).entries()) {
    const untilMs = periods[index + 1]?.[0] ?? 0
    for (let ageMs = fromMs; ageMs > untilMs; ageMs -= stepMs) history.append(nowMs - ageMs, [{ series, value: nowMs - ageMs }])
  }
  return history
}

const history = month()

async function costError(reads: Partial<Parameters<typeof checkQueryCost>[1]>, maxSamples: number): Promise<string | undefined> {
  const remedies = ['step', 'start', 'window', 'labels'] as const
  const all = { series: 1, windowMs: 0, startMs: nowMs, stepMs: 60_000, count: 1, remedies, ...reads }
  try {
    await checkQueryCost(history, all, maxSamples, new TimeSlices())
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(QueryCostError)
    return (error as Error).message
  }
}

test.each([
  ['five minutes', 300_000],
  ['an hour', hourMs],
  ['a day', dayMs],
  ['a month', 31 * dayMs],
  ['more than there is', 400 * dayMs],
])('the samples of a window of %s are known without a read', (_, windowMs) => {
  const read = history.range(series, nowMs - windowMs, nowMs).timesMs.length
  const known = history.countSamples(nowMs - windowMs, nowMs)
  expect(known).toBeGreaterThanOrEqual(read)
  // At each change of the resolution, and at the edges, one more.
  expect(known).toBeLessThanOrEqual(read + 4)
})

test('a read of a time without samples counts as one', () => {
  expect(history.countSamples(nowMs + dayMs, nowMs + 2 * dayMs)).toBe(1)
  expect(new TimeSeries().countSamples(0, nowMs)).toBe(1)
})

test('a query without a window reads one sample of each series at each step', async () => {
  expect(await costError({ series: 10, count: 100 }, 1000)).toBeUndefined()
  expect(await costError({ series: 10, count: 101 }, 1000)).toBe(
    'a query may read at most 1000 samples (queryMaxSamples), this one would read 1010 (101 steps of 10 series): use a step of 61s or longer, a later start or label matchers',
  )
})

test('a window counts with all of its samples, at every step', async () => {
  expect(await costError({ series: 10, windowMs: hourMs }, 3600)).toBeUndefined()
  expect(await costError({ series: 10, windowMs: hourMs }, 3000)).toMatch(
    /would read 3\d\d0 \(1 step of 10 series, each with a window of 1h\): use a shorter window or label matchers$/,
  )
})

test('the step that the error recommends is long enough', async () => {
  const count = 500
  const reads = { series: 1000, windowMs: dayMs, startMs: nowMs - (count - 1) * 60_000, stepMs: 60_000, count }
  const [, minutes] = /use a step of (\d+)m or longer, a later start, a shorter window or label matchers$/.exec(
    (await costError(reads, 50_000_000)) ?? '',
  ) as RegExpExecArray
  const stepMs = Number(minutes) * 60_000
  const fitting = { ...reads, stepMs, count: Math.floor(((count - 1) * 60_000) / stepMs) + 1 }
  expect(fitting.count).toBeGreaterThan(1)
  expect(await costError(fitting, 50_000_000)).toBeUndefined()
})

test('only what the client can change is recommended', async () => {
  expect(await costError({ series: 10, count: 101, remedies: ['start'] }, 1000)).toMatch(
    /\(101 steps of 10 series\): use a later start$/,
  )
  expect(await costError({ series: 10, windowMs: hourMs, remedies: ['window'] }, 1000)).toMatch(/: use a shorter window$/)
  expect(await costError({ series: 2000, remedies: ['step', 'start'] }, 1000)).toMatch(
    /\(1 step of 2000 series\): raise the limit$/,
  )
})
