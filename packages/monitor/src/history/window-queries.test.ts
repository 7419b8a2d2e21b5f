import { expect, test } from 'vitest'
import { TimeSeries } from './memory/time-series.ts'
import { increaseFromFirst, increaseOver, maxNow, sumNow } from './window-queries.ts'

const labels = { store: 'orders' }
const counter = { name: 'db_errors_total', labels: { ...labels, error_type: 'LEVEL_CORRUPTION' }, isCounter: true }

/** A counter that had these values, one every ten seconds from 10 s on; undefined where it was not there. */
function counted(...values: ReadonlyArray<number | undefined>): TimeSeries {
  const history = new TimeSeries()
  values.forEach((value, tick) => {
    history.append((tick + 1) * 10_000, value === undefined ? [] : [{ series: counter, value }])
  })
  return history
}

test('a counter grew by exactly what was counted, restarts included', () => {
  expect(increaseOver(counted(5, 7, 2, 4), 'db_errors_total', labels, 300, 40_000)).toBe(2 + 2 + 2)
  expect(increaseOver(counted(5, 7, 9, 12), 'db_errors_total', labels, 15, 40_000)).toBe(5)
  expect(increaseOver(counted(5), 'db_errors_total', labels, 300, 10_000)).toBeUndefined()
})

test('a counter that appears with what it counts grew by that, once', () => {
  const appears = counted(undefined, 1, 1, 3)
  expect(increaseFromFirst(appears, 'db_errors_total', labels, 300, 20_000)).toBe(1)
  expect(increaseFromFirst(appears, 'db_errors_total', labels, 300, 40_000)).toBe(3)
  expect(increaseFromFirst(appears, 'db_errors_total', labels, 15, 40_000)).toBe(2)
  expect(increaseFromFirst(counted(4, 4, 4), 'db_errors_total', labels, 15, 30_000)).toBe(0)
  expect(increaseFromFirst(new TimeSeries(), 'db_errors_total', labels, 300, 40_000)).toBe(0)
})

test('of gauges, what is not known now is left out', () => {
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
