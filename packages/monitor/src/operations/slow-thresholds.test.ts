import { DatabaseMetrics, MetricsRegistry } from '@wombat/instrumentation'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type SlowThreshold, SlowThresholds } from './slow-thresholds.ts'

const ns = 1e9

function judged(threshold: SlowThreshold) {
  const registry = new MetricsRegistry()
  const database = new DatabaseMetrics(registry, { store: 'orders' })
  const clock = { timeMs: 0 }
  const thresholds = new SlowThresholds(registry.observer, threshold, () => clock.timeMs)
  onTestFinished(() => thresholds.close())
  const secondsOf = (operation: string, store = 'orders'): number | undefined =>
    [...registry.observer.operations].find((one) => one.operation === operation && one.store === store)?.slowThresholdSeconds
  const after = (ms: number): void => {
    clock.timeMs += ms
    thresholds.adapt()
  }
  return { registry, database, thresholds, secondsOf, after }
}

function times(count: number, work: () => void): void {
  for (let done = 0; done < count; done++) work()
}

test('a number holds for every operation, also of a store that comes later', () => {
  const { registry, thresholds, secondsOf } = judged(250)
  new DatabaseMetrics(registry, { store: 'late' })
  expect([secondsOf('get'), secondsOf('batch'), secondsOf('get', 'late')]).toEqual([0.25, 0.25, 0.25])
  expect(thresholds.seconds).toBe(0.25)
})

test('found by itself, each operation has ten times its own 99th percentile, and none less than 20 ms', () => {
  const { database, thresholds, secondsOf, after } = judged('auto')
  expect(secondsOf('get')).toBe(1)
  times(1000, () => database.recordGet(0.0001 * ns, true))
  times(1000, () => database.recordSet(0.03 * ns, true))
  times(99, () => database.recordDelete(0.03 * ns, true))
  after(10_000)
  expect(secondsOf('get')).toBe(0.02)
  expect(secondsOf('set')).toBeCloseTo(0.3, 1)
  expect(secondsOf('delete')).toBe(1)
  expect(thresholds.seconds).toContainEqual({ store: 'orders', operation: 'get', seconds: 0.02 })
})

test('an operation that becomes slower gets a higher threshold, and the old time is forgotten after five minutes', () => {
  const { database, secondsOf, after } = judged('auto')
  for (let minute = 0; minute < 10; minute++) {
    times(10_000, () => database.recordGet(0.001 * ns, true))
    after(60_000)
  }
  expect(secondsOf('get')).toBe(0.02)
  for (let minute = 0; minute < 7; minute++) {
    times(10_000, () => database.recordGet(0.05 * ns, true))
    after(60_000)
  }
  expect(secondsOf('get')).toBeCloseTo(0.5, 1)
  for (let minute = 0; minute < 7; minute++) {
    times(200, () => database.recordGet(0.01 * ns, true))
    after(60_000)
  }
  expect(secondsOf('get')).toBeCloseTo(0.1, 2)
})

test('while too few are timed the last threshold holds', () => {
  const { database, secondsOf, after } = judged('auto')
  times(1000, () => database.recordGet(0.01 * ns, true))
  after(10_000)
  const before = secondsOf('get')
  times(40, () => after(60_000))
  times(50, () => database.recordGet(0.5 * ns, true))
  after(10_000)
  expect(secondsOf('get')).toBe(before)
})

test('it can be changed and switched off while running', () => {
  const { database, thresholds, secondsOf, after } = judged(100)
  thresholds.enabled = false
  expect(secondsOf('get')).toBe(Number.POSITIVE_INFINITY)
  times(1000, () => database.recordGet(0.01 * ns, true))
  after(10_000)
  expect(secondsOf('get')).toBe(Number.POSITIVE_INFINITY)
  thresholds.enabled = true
  expect(secondsOf('get')).toBe(0.1)
  thresholds.set('auto')
  expect(secondsOf('get')).toBeCloseTo(0.1, 2)
  thresholds.set(0)
  expect(secondsOf('get')).toBe(0)
})

test('while one number holds for all, nothing is read of any operation', () => {
  const { registry, thresholds, after } = judged(1000)
  const reads = [...registry.observer.operations].map(({ latency }) => vi.spyOn(latency, 'snapshot'))
  times(10, () => after(60_000))
  for (const read of reads) expect(read).not.toHaveBeenCalled()
  thresholds.set('auto')
  for (const read of reads) expect(read).toHaveBeenCalled()
})

test('what was found stays when something else is changed', () => {
  const { database, thresholds, secondsOf, after } = judged('auto')
  times(1000, () => database.recordGet(0.01 * ns, true))
  after(10_000)
  after(600_000)
  thresholds.set('auto')
  thresholds.enabled = false
  thresholds.enabled = true
  expect(secondsOf('get')).toBeCloseTo(0.1, 2)
})

test('a store that is gone is not judged any more', () => {
  const { registry, thresholds, after } = judged('auto')
  for (const operation of registry.observer.operations) if (operation.operation !== 'get') registry.observer.remove(operation)
  after(10_000)
  expect(thresholds.seconds).toEqual([{ store: 'orders', operation: 'get', seconds: 1 }])
})

test('closed, nothing is slow', () => {
  const { thresholds, secondsOf } = judged(100)
  thresholds.close()
  expect(secondsOf('get')).toBe(Number.POSITIVE_INFINITY)
})

test.each([[-1], [Number.NaN], [Number.POSITIVE_INFINITY], ['often']])('a threshold of %s is refused', (threshold) => {
  expect(() => judged(threshold as SlowThreshold)).toThrow(
    `thresholdMs must be "auto" or a number of milliseconds of 0 or more, got ${threshold}`,
  )
})
