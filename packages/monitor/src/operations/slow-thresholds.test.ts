import { DatabaseMetrics, MetricsRegistry } from '@wombat/instrumentation'
import { expect, onTestFinished, test, vi } from 'vitest'
import { type SlowThreshold, SlowThresholds } from './slow-thresholds.ts'

const ns = 1e9

/** `auto`: adaptive, beside the usual second. */
function toThreshold(threshold: number | 'auto'): SlowThreshold {
  return threshold === 'auto' ? { thresholdMs: 1000, isAdaptive: true } : { thresholdMs: threshold, isAdaptive: false }
}

function createThresholds(threshold: number | 'auto') {
  const registry = new MetricsRegistry()
  const database = new DatabaseMetrics(registry, { store: 'orders' })
  const clock = { timeMs: 0 }
  const thresholds = new SlowThresholds(registry.observer, toThreshold(threshold), () => clock.timeMs)
  onTestFinished(() => thresholds.close())
  const readSeconds = (operation: string, store = 'orders'): number | undefined =>
    [...registry.observer.operations].find((one) => one.operation === operation && one.store === store)?.slowThresholdSeconds
  const after = (ms: number): void => {
    clock.timeMs += ms
    thresholds.adapt()
  }
  return { registry, database, thresholds, readSeconds, after }
}

function times(count: number, work: () => void): void {
  for (let done = 0; done < count; done++) work()
}

test('a number applies to every operation, including those of stores that are added later', () => {
  const { registry, thresholds, readSeconds } = createThresholds(250)
  new DatabaseMetrics(registry, { store: 'late' })
  expect([readSeconds('get'), readSeconds('batch'), readSeconds('get', 'late')]).toEqual([0.25, 0.25, 0.25])
  expect(thresholds.seconds).toBe(0.25)
})

test('an adaptive threshold is ten times the 99th percentile, and at least 20 ms', () => {
  const { database, thresholds, readSeconds, after } = createThresholds('auto')
  expect(readSeconds('get')).toBe(1)
  times(1000, () => database.recordGet(0.0001 * ns, true))
  times(1000, () => database.recordSet(0.03 * ns, true))
  times(99, () => database.recordDelete(0.03 * ns, true))
  after(10_000)
  expect(readSeconds('get')).toBe(0.02)
  expect(readSeconds('set')).toBeCloseTo(0.3, 1)
  expect(readSeconds('delete')).toBe(1)
  expect(thresholds.adaptive).toContainEqual({ store: 'orders', operation: 'get', seconds: 0.02 })
})

test('the threshold follows the latency of about the last five minutes', () => {
  const { database, readSeconds, after } = createThresholds('auto')
  for (let minute = 0; minute < 10; minute++) {
    times(10_000, () => database.recordGet(0.001 * ns, true))
    after(60_000)
  }
  expect(readSeconds('get')).toBe(0.02)
  for (let minute = 0; minute < 7; minute++) {
    times(10_000, () => database.recordGet(0.05 * ns, true))
    after(60_000)
  }
  expect(readSeconds('get')).toBeCloseTo(0.5, 1)
  for (let minute = 0; minute < 7; minute++) {
    times(200, () => database.recordGet(0.01 * ns, true))
    after(60_000)
  }
  expect(readSeconds('get')).toBeCloseTo(0.1, 2)
})

test('if too few operations were timed, the last threshold is kept', () => {
  const { database, readSeconds, after } = createThresholds('auto')
  times(1000, () => database.recordGet(0.01 * ns, true))
  after(10_000)
  const before = readSeconds('get')
  times(40, () => after(60_000))
  times(50, () => database.recordGet(0.5 * ns, true))
  after(10_000)
  expect(readSeconds('get')).toBe(before)
})

test('the threshold can be changed and disabled at run time', () => {
  const { database, thresholds, readSeconds, after } = createThresholds(100)
  thresholds.enabled = false
  expect(readSeconds('get')).toBe(Number.POSITIVE_INFINITY)
  times(1000, () => database.recordGet(0.01 * ns, true))
  after(10_000)
  expect(readSeconds('get')).toBe(Number.POSITIVE_INFINITY)
  thresholds.enabled = true
  expect(readSeconds('get')).toBe(0.1)
  thresholds.set(toThreshold('auto'))
  expect(readSeconds('get')).toBeCloseTo(0.1, 2)
  thresholds.set(toThreshold(0))
  expect(readSeconds('get')).toBe(0)
})

test('with a fixed threshold, no histogram is read', () => {
  const { registry, database, thresholds, after } = createThresholds(1000)
  database.recordGet(0.01 * ns, true)
  const reads = [...registry.observer.operations].map(({ latency }) => vi.spyOn(latency, 'snapshot'))
  times(10, () => after(60_000))
  for (const read of reads) expect(read).not.toHaveBeenCalled()
  thresholds.set(toThreshold('auto'))
  expect(reads.some((read) => read.mock.calls.length > 0)).toBe(true)
})

test('an adaptive threshold is kept if `auto` is set again, or if it is disabled and enabled', () => {
  const { database, thresholds, readSeconds, after } = createThresholds('auto')
  times(1000, () => database.recordGet(0.01 * ns, true))
  after(10_000)
  after(600_000)
  thresholds.set(toThreshold('auto'))
  thresholds.enabled = false
  thresholds.enabled = true
  expect(readSeconds('get')).toBeCloseTo(0.1, 2)
})

test('the thresholds of a removed store are dropped', () => {
  const { registry, database, thresholds, after } = createThresholds('auto')
  times(1000, () => database.recordSet(0.0001 * ns, true))
  after(10_000)
  for (const operation of registry.observer.operations) if (operation.operation !== 'get') registry.observer.remove(operation)
  after(10_000)
  times(1000, () => database.recordGet(0.0001 * ns, true))
  after(10_000)
  expect(thresholds.adaptive).toEqual([{ store: 'orders', operation: 'get', seconds: 0.02 }])
})

test('after close no operation is slow', () => {
  const { thresholds, readSeconds } = createThresholds(100)
  thresholds.close()
  expect(readSeconds('get')).toBe(Number.POSITIVE_INFINITY)
})

test.each([[-1], [Number.NaN], [Number.POSITIVE_INFINITY], ['often']])('a threshold of %s is rejected', (threshold) => {
  expect(() => createThresholds(threshold as number)).toThrow(
    `thresholdMs must be a number of milliseconds of 0 or more, got ${threshold}`,
  )
})

test('an operation that usually takes long is slow from the fixed threshold on', () => {
  const { database, thresholds, readSeconds, after } = createThresholds('auto')
  times(1000, () => database.recordGet(0.5 * ns, true))
  after(10_000)
  expect(readSeconds('get')).toBe(1)
  expect(thresholds.adaptive).toEqual([])
})
