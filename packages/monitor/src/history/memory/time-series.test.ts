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

test('values that are not finite and times that go back are ignored', () => {
  const history = new TimeSeries()
  history.append(10_000, [{ series: gauge, value: Number.NaN }])
  history.append(5_000, [{ series: gauge, value: 1 }])
  expect(history.range(gauge, 0, hour).values).toEqual([])
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
  expect(history.range(gauge, endMs - hour, endMs).timesMs).toHaveLength(360)
  const sixHours = history.range(gauge, endMs - 6 * hour, endMs).timesMs
  expect(sixHours.length).toBeGreaterThanOrEqual(360)
  expect(sixHours.length).toBeLessThan(372)
  const all = history.range(gauge, -1, endMs).timesMs
  expect(all.length).toBeGreaterThan(26 * 4 - 2)
  expect(all.length).toBeLessThan(26 * 4 + 100)
})

test('downsampled steps keep the minimum, maximum, sum and count of a gauge', () => {
  const { history, endMs } = dayOfSamples()
  const read = (statistic: 'min' | 'max' | 'sum' | 'count') =>
    Array.from(history.range(gauge, endMs - 6 * hour, endMs - 2 * hour, statistic).values)
  expect(Math.min(...read('min'))).toBe(0)
  expect(Math.max(...read('max'))).toBe(59)
  expect(new Set(read('count'))).toEqual(new Set([6]))
  expect(
    read('sum')
      .slice(0, 10)
      .reduce((sum, value) => sum + value),
  ).toBe(30 * 59)
})

test('the increase over any window compensates counter resets, in every resolution', () => {
  const { history, endMs } = dayOfSamples()
  for (const windowMs of [hour, 6 * hour, 20 * hour, 25 * hour]) {
    const increased = increase(history.range(counter, endMs - windowMs, endMs), windowMs, endMs)
    // One per sample, except for the sample of the reset.
    const expected = windowMs / 10_000
    expect(increased).toBeGreaterThan(expected * 0.99)
    expect(increased).toBeLessThan(expected * 1.01)
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
  expect(history.bytes).toBeLessThan(2 * 2 ** 20)
  expect(history.at(gauge, 2999 * 10_000)).toBe(2999)
  expect(history.select('churn').length).toBeLessThan(60_000)
  expect(history.select('churn', { store: '' })).toHaveLength(history.select('churn').length)
})

test('an interval that is too short is rejected with the reason', () => {
  expect(() => new TimeSeries({ intervalMs: 10 })).toThrow(
    'intervalMs must be 100 or more, got 10: an hour of samples must fit in memory',
  )
})
