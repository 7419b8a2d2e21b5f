import { expect, test } from 'vitest'
import { increase } from '../indicators.ts'
import type { HistorySeries } from '../series.ts'
import { TimeSeries } from './time-series.ts'

const counter: HistorySeries = { name: 'served_total', labels: { store: 'a' }, isCounter: true }
const gauge: HistorySeries = { name: 'depth', labels: { store: 'a' }, isCounter: false }
const minute = 60_000
const hour = 60 * minute

test('samples are returned oldest first, without the one at the start of the range', () => {
  const history = new TimeSeries()
  for (let index = 1; index <= 5; index++) history.append(index * 10_000, [{ series: gauge, value: index }])
  expect(history.range(gauge, 20_000, 40_000)).toEqual({ timesMs: [30_000, 40_000], values: [3, 4] })
  expect(history.select('depth', { store: 'a' })).toEqual([gauge])
  expect(history.select('depth', { store: 'b' })).toEqual([])
})

test('series are selected by any of their labels, in the order in which they were added', () => {
  const of = (labels: HistorySeries['labels']): HistorySeries => ({ name: 'stalled_seconds', labels, isCounter: false })
  const all = [
    of({ store: 'a', cause: 'memtable' }),
    of({ store: 'b', cause: 'memtable' }),
    of({ store: 'a', cause: 'level_0' }),
    of({}),
  ]
  const [ofA, ofB, alsoOfA, ofNone] = all
  const history = new TimeSeries()
  history.append(
    10_000,
    all.map((series) => ({ series, value: 1 })),
  )
  expect(history.select('stalled_seconds')).toEqual(all)
  expect(history.select('stalled_seconds', { store: 'a' })).toEqual([ofA, alsoOfA])
  expect(history.select('stalled_seconds', { cause: 'memtable' })).toEqual([ofA, ofB])
  expect(history.select('stalled_seconds', { store: 'a', cause: 'level_0' })).toEqual([alsoOfA])
  expect(history.select('stalled_seconds', { store: 'b', cause: 'level_0' })).toEqual([])
  // As in Prometheus, a missing label equals the empty string.
  expect(history.select('stalled_seconds', { store: '' })).toEqual([ofNone])
})

test('a value is current for five minutes, and ends at once when its series has no sample', () => {
  const history = new TimeSeries()
  history.append(0, [{ series: gauge, value: 7 }])
  expect(history.at(gauge, 5 * minute - 1)).toBe(7)
  expect(history.at(gauge, 5 * minute)).toBe(undefined)
  history.append(10_000, [{ series: counter, value: 1 }])
  expect(history.at(gauge, 10_000)).toBe(undefined)
  expect(history.at(gauge, 9_999)).toBe(7)
})

test('times without a sample are left out', () => {
  const history = new TimeSeries()
  for (const index of [0, 1, 2, 3]) history.append(index * 10_000, index === 2 ? [] : [{ series: gauge, value: index }])
  expect(history.range(gauge, -1, 40_000).values).toEqual([0, 1, 3])
})

test('NaN and infinite values are values, not missing samples', () => {
  const history = new TimeSeries()
  history.append(10_000, [{ series: gauge, value: Number.NaN }])
  expect(history.at(gauge, 10_000)).toBe(Number.NaN)
  history.append(20_000, [{ series: gauge, value: Number.POSITIVE_INFINITY }])
  expect(history.at(gauge, 20_000)).toBe(Number.POSITIVE_INFINITY)
  expect(history.window(gauge, 0, 20_000)).toMatchObject({
    count: 2,
    min: Number.POSITIVE_INFINITY,
    max: Number.POSITIVE_INFINITY,
  })
  history.append(30_000, [])
  expect(history.at(gauge, 30_000)).toBe(undefined)
})

test('samples of a clock that was set back are kept: the past is moved before them', () => {
  const history = new TimeSeries()
  for (let index = 1; index <= 6; index++) history.append(hour + index * 10_000, [{ series: gauge, value: index }])
  history.append(30_000, [{ series: gauge, value: 7 }])
  expect(history.at(gauge, 30_000)).toBe(7)
  expect(history.range(gauge, -hour, hour)).toEqual({
    timesMs: [-30_000, -20_000, -10_000, 0, 10_000, 20_000, 30_000],
    values: [1, 2, 3, 4, 5, 6, 7],
  })
})

test('a shift moves samples and steps of every age', () => {
  const { history, endMs } = dayOfSamples()
  const before = [hour, 6 * hour, 25 * hour].map((windowMs) => history.window(counter, endMs - windowMs, endMs))
  for (const deltaMs of [3_600_000, -7_200_123, 400 * 86_400_000, -400 * 86_400_000]) history.shift(deltaMs)
  const movedMs = endMs + 3_600_000 - 7_200_123
  const after = [hour, 6 * hour, 25 * hour].map((windowMs) => history.window(counter, movedMs - windowMs, movedMs))
  expect(after.map((window) => window && { ...window, firstMs: 0, lastMs: 0 })).toEqual(
    before.map((window) => window && { ...window, firstMs: 0, lastMs: 0 }),
  )
})

/** Returns a day of a counter that grows by one every ten seconds and is reset every 5000 samples. */
function dayOfSamples(): { history: TimeSeries; endMs: number } {
  const history = new TimeSeries()
  let endMs = 0
  for (let index = 0; index < 26 * 360; index++) {
    endMs = index * 10_000
    history.append(endMs, [
      { series: counter, value: index % 5000 },
      { series: gauge, value: index % 60 },
    ])
  }
  return { history, endMs }
}

test('the last hour is kept in full, a day by minutes, more by 15 minutes', () => {
  const { history, endMs } = dayOfSamples()
  const count = (fromMs: number, toMs: number) => history.range(gauge, fromMs, toMs).timesMs.length
  expect(count(endMs - hour, endMs)).toBe(360)
  expect(count(18 * hour, 22 * hour)).toBe(4 * 60)
  expect(count(-1, hour)).toBeLessThan(6)
  expect(Array.from(history.range(gauge, -1, endMs).counts ?? []).reduce((sum, each) => sum + each, 0)).toBe(26 * 360)
})

test('a window of whole steps is exact in every resolution', () => {
  const { history, endMs } = dayOfSamples()
  for (const agoMs of [2 * hour, 5 * hour, 24.5 * hour]) {
    const toMs = Math.floor((endMs - agoMs) / (15 * minute)) * 15 * minute
    const window = history.window(gauge, toMs - hour, toMs)
    expect(window).toMatchObject({ count: 360, min: 0, max: 59, avg: 29.5 })
    const resets = Math.floor(toMs / 10_000 / 5000) - Math.floor((toMs - hour) / 10_000 / 5000)
    expect(history.window(counter, toMs - hour, toMs)).toMatchObject({ count: 360, increase: 359 - resets })
  }
})

test('the increase over any window compensates counter resets, in every resolution', () => {
  const { history, endMs } = dayOfSamples()
  for (const windowMs of [minute, 5 * minute, hour, 6 * hour, 20 * hour, 25 * hour]) {
    for (let agoMs = 0; agoMs + windowMs < 26 * hour - minute; agoMs += 7 * minute + 3000) {
      const toMs = endMs - agoMs
      const increased = increase(history.window(counter, toMs - windowMs, toMs), windowMs, toMs)
      // One per sample, except for the sample of the reset.
      const expected = windowMs / 10_000
      expect(increased).toBeGreaterThan(expected * 0.99 - 1.2)
      expect(increased).toBeLessThan(expected * 1.01 + 0.2)
    }
  }
})

test('a value of any age is that of the last sample, or of the step before', () => {
  const { history, endMs } = dayOfSamples()
  for (let agoMs = 0; agoMs < 25 * hour; agoMs += 7 * minute + 3000) {
    const atMs = endMs - agoMs
    const value = history.at(counter, atMs)
    const exact = Math.floor(atMs / 10_000)
    const resolution = agoMs < hour - minute ? 0 : agoMs < 23 * hour ? 12 : 181
    expect([...Array(resolution + 1).keys()].map((back) => (exact - back) % 5000)).toContain(value)
  }
})

test('memory is bounded when series come and go: those that ended first are deleted first', () => {
  const history = new TimeSeries({ maxBytes: 2 ** 20 })
  for (let index = 0; index < 3000; index++) {
    const samples = Array.from({ length: 20 }, (_, index) => {
      return { series: { name: 'churn', labels: { id: String(index * 20 + index) }, isCounter: false }, value: 1 }
    })
    history.append(index * 10_000, [...samples, { series: gauge, value: index }])
  }
  expect(history.bytes).toBeLessThan(1.1 * 2 ** 20)
  expect(history.at(gauge, 2999 * 10_000)).toBe(2999)
  expect(history.select('churn').length).toBeLessThan(60_000)
  expect(history.select('churn', { store: '' })).toHaveLength(history.select('churn').length)
})

test('an interval that is too short is rejected with the reason', () => {
  expect(() => new TimeSeries({ intervalMs: 10 })).toThrow(
    'intervalMs must be 100 or more, got 10: an hour of samples must fit in memory',
  )
})

test('at the memory limit, stores that have ended are removed first, the one that ended first before the others', () => {
  const history = new TimeSeries({ intervalMs: 10_000, maxBytes: 2 ** 21 })
  const samplesOf = (store: string, value: number) =>
    Array.from({ length: 20 }, (_, index) => ({
      series: { name: 'depth', labels: { store, index: String(index) }, isCounter: false },
      value,
    }))
  let timeMs = 0
  for (let store = 0; store < 200; store++) {
    timeMs += 10_000
    history.append(timeMs, [...samplesOf('living', store), ...samplesOf(`store ${store}`, store)])
  }
  expect(history.bytes).toBeLessThan(1.2 * 2 ** 21)
  const stores = history.stores()
  expect(stores).toContain('living')
  expect(stores).toContain('store 199')
  expect(stores).not.toContain('store 0')
  const left = stores.filter((store) => store !== 'living').map((store) => Number(store.slice(6)))
  expect(Math.max(...left) - Math.min(...left)).toBe(left.length - 1)
  expect(history.limits).toMatchObject({ droppedSamples: 0, isLimited: false })
  expect(history.select('depth', { store: 'living' })).toHaveLength(20)
})

test('at the memory limit, a first error of a store takes the place of buckets of the same store', () => {
  const history = new TimeSeries({ intervalMs: 10_000, maxBytes: 2 ** 21 })
  const bucketsOf = (store: string, value: number) =>
    Array.from({ length: 100 }, (_, index) => ({
      series: { name: 'latency_bucket', labels: { store, le: String(index) }, isCounter: true },
      value: value + index,
    }))
  const stores = Array.from({ length: 12 }, (_, index) => `store ${index}`)
  for (let sample = 1; sample <= 100; sample++) {
    const samples = stores.flatMap((store) => bucketsOf(store, sample))
    history.append(sample * 10_000, samples)
  }
  expect(history.limits.droppedSamples).toBeGreaterThan(0)
  const error = { name: 'errors_total', labels: { store: 'store 3' }, isCounter: true }
  const samples = [...stores.flatMap((store) => bucketsOf(store, 100)), { series: error, value: 1 }]
  const timeMs = 1_010_000
  history.append(timeMs, samples)
  expect(history.at(error, timeMs)).toBe(1)
  for (const store of stores) expect(history.select('latency_bucket', { store }).length).toBeGreaterThan(20)
})
