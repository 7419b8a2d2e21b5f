import { expect, test } from 'vitest'
import { increase } from '../indicators.ts'
import type { HistorySeries } from '../series.ts'
import { TimeSeries } from './time-series.ts'

const counter: HistorySeries = { name: 'served_total', labels: { store: 'a' }, isCounter: true }
const gauge: HistorySeries = { name: 'depth', labels: { store: 'a' }, isCounter: false }
const minute = 60_000
const hour = 60 * minute

test('what was appended is there, oldest first, in a window that is open at its start', () => {
  const history = new TimeSeries()
  for (let tick = 1; tick <= 5; tick++) history.append(tick * 10_000, [{ series: gauge, value: tick }])
  expect(history.range(gauge, 20_000, 40_000)).toEqual({ timesMs: [30_000, 40_000], values: [3, 4] })
  expect(history.select('depth', { store: 'a' })).toEqual([gauge])
  expect(history.select('depth', { store: 'b' })).toEqual([])
})

test('series are found by any of their labels, in the order in which they came', () => {
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
  // As Prometheus has it: a label that is not there is empty.
  expect(history.select('stalled_seconds', { store: '' })).toEqual([ofNone])
})

test('a value lasts for five minutes, and ends at once when its series is left out', () => {
  const history = new TimeSeries()
  history.append(0, [{ series: gauge, value: 7 }])
  expect(history.at(gauge, 5 * minute - 1)).toBe(7)
  expect(history.at(gauge, 5 * minute)).toBe(undefined)
  history.append(10_000, [{ series: counter, value: 1 }])
  expect(history.at(gauge, 10_000)).toBe(undefined)
  expect(history.at(gauge, 9_999)).toBe(7)
})

test('a gap stays a gap', () => {
  const history = new TimeSeries()
  for (const tick of [0, 1, 2, 3]) history.append(tick * 10_000, tick === 2 ? [] : [{ series: gauge, value: tick }])
  expect(history.range(gauge, -1, 40_000).values).toEqual([0, 1, 3])
})

test('what is not finite is no sample, and time never goes back', () => {
  const history = new TimeSeries()
  history.append(10_000, [{ series: gauge, value: Number.NaN }])
  history.append(5_000, [{ series: gauge, value: 1 }])
  expect(history.range(gauge, 0, hour).values).toEqual([])
})

/** A day of a counter that grows by one each ten seconds and begins anew every 5000 samples. */
function aDay(): { history: TimeSeries; endMs: number } {
  const history = new TimeSeries()
  let endMs = 0
  for (let tick = 0; tick < 26 * 360; tick++) {
    endMs = tick * 10_000
    history.append(endMs, [
      { series: counter, value: tick % 5000 },
      { series: gauge, value: tick % 60 },
    ])
  }
  return { history, endMs }
}

test('the last hour is there in full, a day by minutes, more by quarters of an hour', () => {
  const { history, endMs } = aDay()
  expect(history.range(gauge, endMs - hour, endMs).timesMs).toHaveLength(360)
  const sixHours = history.range(gauge, endMs - 6 * hour, endMs).timesMs
  expect(sixHours.length).toBeGreaterThanOrEqual(360)
  expect(sixHours.length).toBeLessThan(372)
  const all = history.range(gauge, -1, endMs).timesMs
  expect(all.length).toBeGreaterThan(26 * 4 - 2)
  expect(all.length).toBeLessThan(26 * 4 + 100)
})

test('coarse steps say the smallest, the largest, the sum and the count of a gauge', () => {
  const { history, endMs } = aDay()
  const ask = (statistic: 'min' | 'max' | 'sum' | 'count') =>
    Array.from(history.range(gauge, endMs - 6 * hour, endMs - 2 * hour, statistic).values)
  expect(Math.min(...ask('min'))).toBe(0)
  expect(Math.max(...ask('max'))).toBe(59)
  expect(new Set(ask('count'))).toEqual(new Set([6]))
  expect(
    ask('sum')
      .slice(0, 10)
      .reduce((sum, value) => sum + value),
  ).toBe(30 * 59)
})

test('the increase over any window counts restarts, whatever the resolution', () => {
  const { history, endMs } = aDay()
  for (const windowMs of [hour, 6 * hour, 20 * hour, 25 * hour]) {
    const grown = increase(history.range(counter, endMs - windowMs, endMs), windowMs, endMs)
    // One a sample, and none at the sample in which it began anew from 0.
    const expected = windowMs / 10_000
    expect(grown).toBeGreaterThan(expected * 0.99)
    expect(grown).toBeLessThan(expected * 1.01)
  }
})

test('memory is bounded under a churn of series: those that ended longest ago are forgotten first', () => {
  const history = new TimeSeries({ maxBytes: 2 ** 20 })
  for (let tick = 0; tick < 3000; tick++) {
    const samples = Array.from({ length: 20 }, (_, index) => {
      return { series: { name: 'churn', labels: { id: String(tick * 20 + index) }, isCounter: false }, value: 1 }
    })
    history.append(tick * 10_000, [...samples, { series: gauge, value: tick }])
  }
  expect(history.bytes).toBeLessThan(2 * 2 ** 20)
  expect(history.at(gauge, 2999 * 10_000)).toBe(2999)
  expect(history.select('churn').length).toBeLessThan(60_000)
  expect(history.select('churn', { store: '' })).toHaveLength(history.select('churn').length)
})

test('an interval that is too short is refused with the reason', () => {
  expect(() => new TimeSeries({ intervalMs: 10 })).toThrow(
    'intervalMs must be 100 or more, got 10: an hour of samples must fit in memory',
  )
})
