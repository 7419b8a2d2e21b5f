import { expect, test } from 'vitest'
import { TimeSeries } from './memory/time-series.ts'
import { increaseFromFirst, increaseOver, maxNow, sumNow } from './window-queries.ts'

const labels = { store: 'orders' }
const counter = { name: 'db_errors_total', labels: { ...labels, error_type: 'LEVEL_CORRUPTION' }, isCounter: true }

/** Returns a history of a counter with these values, every ten seconds from 10 s on; undefined: no sample. */
function counterHistory(...values: ReadonlyArray<number | undefined>): TimeSeries {
  const history = new TimeSeries()
  values.forEach((value, index) => {
    history.append((index + 1) * 10_000, value === undefined ? [] : [{ series: counter, value }])
  })
  return history
}

test('the increase of a counter is its exact count, resets included', () => {
  expect(increaseOver(counterHistory(5, 7, 2, 4), 'db_errors_total', labels, 300, 40_000)).toBe(2 + 2 + 2)
  expect(increaseOver(counterHistory(5, 7, 9, 12), 'db_errors_total', labels, 15, 40_000)).toBe(5)
  expect(increaseOver(counterHistory(5), 'db_errors_total', labels, 300, 10_000)).toBeUndefined()
})

test('the first value of a counter that appears in the window counts as increase, once', () => {
  const appears = counterHistory(undefined, 1, 1, 3)
  expect(increaseFromFirst(appears, 'db_errors_total', labels, 300, 20_000)).toBe(1)
  expect(increaseFromFirst(appears, 'db_errors_total', labels, 300, 40_000)).toBe(3)
  expect(increaseFromFirst(appears, 'db_errors_total', labels, 15, 40_000)).toBe(2)
  expect(increaseFromFirst(counterHistory(4, 4, 4), 'db_errors_total', labels, 15, 30_000)).toBe(0)
  expect(increaseFromFirst(new TimeSeries(), 'db_errors_total', labels, 300, 40_000)).toBe(0)
})

test('gauges without a current value are left out', () => {
  const history = new TimeSeries()
  const level = (level: string, value: number) => {
    return { series: { name: 'db_level_files', labels: { ...labels, level }, isCounter: false }, value }
  }
  history.append(10_000, [level('0', 3), level('1', 50)])
  history.append(20_000, [level('0', 4)])
  expect(sumNow(history, 'db_level_files', labels, 10_000)).toBe(53)
  expect(sumNow(history, 'db_level_files', labels, 20_000)).toBe(4)
  expect(maxNow(history, 'db_level_files', labels, 10_000)).toBe(50)
  expect(maxNow(history, 'db_level_files', { store: 'users' }, 10_000)).toBeUndefined()
})
