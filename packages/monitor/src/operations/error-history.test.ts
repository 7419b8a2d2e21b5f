import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, onTestFinished, test } from 'vitest'
import { ManualClock } from '../time/clock.ts'
import { ErrorHistory, type ErrorHistoryOptions } from './error-history.ts'

const startMs = 1_000_000

function createHistory(options: Partial<ErrorHistoryOptions> = {}) {
  const registry = new MetricsRegistry()
  const clock = new ManualClock(startMs)
  const history = new ErrorHistory({ registry, keep: 10, clock, ...options })
  onTestFinished(() => history.close())
  const failAt = (
    ms: number,
    { store = 'orders', operation = 'get' as const, errorType = '_OTHER', error = new Error('no') } = {},
  ) => {
    clock.advance(startMs + ms - clock.nowMs())
    registry.observer.emitError({ store, operation, errorType, error })
  }
  return { registry, clock, history, failAt }
}

test('equal errors within a second are one entry, even if other errors occur in between', () => {
  const { history, failAt } = createHistory()
  failAt(0)
  failAt(100, { errorType: 'LEVEL_IO_ERROR' })
  failAt(900)
  failAt(1000)
  expect(history.entries).toEqual([
    { firstMs: startMs + 1000, lastMs: startMs + 1000, store: 'orders', operation: 'get', errorType: '_OTHER', count: 1 },
    { firstMs: startMs + 100, lastMs: startMs + 100, store: 'orders', operation: 'get', errorType: 'LEVEL_IO_ERROR', count: 1 },
    { firstMs: startMs, lastMs: startMs + 900, store: 'orders', operation: 'get', errorType: '_OTHER', count: 2 },
  ])
})

test('the last entries are kept, and a dropped entry counts no more errors', () => {
  const { history, failAt } = createHistory({ keep: 2 })
  for (const store of ['a', 'b', 'c', 'a']) failAt(10, { store })
  expect(history.entries.map(({ store, count }) => [store, count])).toEqual([
    ['a', 1],
    ['c', 1],
  ])
})

test('of two hundred thousand errors only the last entries are kept, and all are counted', () => {
  const { history, failAt } = createHistory()
  for (let index = 0; index < 200_000; index++) failAt(index / 1000, { store: `store${index % 100}` })
  expect(history.entries).toHaveLength(10)
  expect(history.countsByType()).toEqual({ _OTHER: 128_000, _REST: 72_000 })
})

test('the error rate covers the window, for one store or all, without failures to open', () => {
  const { registry, clock, history, failAt } = createHistory()
  for (let second = 0; second < 60; second++) {
    failAt(second * 1000)
    failAt(second * 1000, { store: 'users', errorType: 'LEVEL_IO_ERROR' })
  }
  registry.observer.emitError({ store: 'orders', operation: 'open', errorType: '_OTHER', error: undefined })
  clock.advance(startMs + 60_000 - clock.nowMs())
  expect(history.errorRate(60_000)).toBe(2)
  expect(history.errorRate(30_000, 'users')).toBe(1)
  expect(history.countsByType(30_000)).toEqual({ _OTHER: 31, LEVEL_IO_ERROR: 30 })
  expect(history.countsByType(30_000, 'users')).toEqual({ LEVEL_IO_ERROR: 30 })
})

test('a window that starts before errors were counted has no rate, and one without errors has 0', () => {
  const { clock, history, failAt } = createHistory()
  clock.advance(startMs + 60_000 - clock.nowMs())
  expect(history.errorRate(60_001)).toBeUndefined()
  expect(history.errorRate(60_000)).toBe(0)
  expect(history.errorRate(0)).toBeUndefined()
  for (let second = 60; second < 2060; second++) failAt(second * 1000)
  expect(history.knownSinceMs).toBe(startMs + 1_160_000)
  expect(history.errorRate(899_000)).toBeCloseTo(1, 2)
  expect(history.errorRate(900_000)).toBeUndefined()
})

test.each([3_600_000, -3_600_000])('a clock that is set by %i ms moves the errors, and their ages stay', (deltaMs) => {
  const { clock, history, failAt } = createHistory()
  failAt(100_000)
  clock.step(deltaMs)
  clock.advance(30_000)
  failAt(130_000 + deltaMs)
  expect(history.entries.map(({ firstMs, count }) => [firstMs, count])).toEqual([
    [startMs + deltaMs + 130_000, 1],
    [startMs + deltaMs + 100_000, 1],
  ])
  expect(history.knownSinceMs).toBe(startMs + deltaMs)
  expect(history.countsByType()).toEqual({ _OTHER: 2 })
  expect(history.errorRate(20_000)).toBe(1 / 20)
})

test('without a redactor there is no message; with one its result is truncated', () => {
  const redact = (error: unknown) => `${(error as Error).name} ${'x'.repeat(1000)}`
  const bare = createHistory()
  bare.failAt(0, { error: new Error('secret key') })
  expect(JSON.stringify(bare.history.entries)).not.toContain('secret')
  const redacted = createHistory({ redact })
  redacted.failAt(0, { error: new TypeError('secret key') })
  expect(redacted.history.entries[0]?.message).toMatch(/^TypeError x{490}$/)
})

test('errors with different messages are separate entries', () => {
  const { history, failAt } = createHistory({ redact: (error) => (error as Error).message })
  for (const message of ['full', 'gone', 'full']) failAt(0, { error: new Error(message) })
  expect(history.entries.map(({ message, count }) => [message, count])).toEqual([
    ['gone', 1],
    ['full', 2],
  ])
})

test.each([
  ['throws', () => JSON.parse('{')],
  ['returns undefined', () => undefined],
  ['returns a number', () => 5 as never],
])('a redactor that %s leaves the message out', (_, redact) => {
  const { history, failAt } = createHistory({ redact })
  failAt(0)
  expect(history.entries).toEqual([
    { firstMs: startMs, lastMs: startMs, store: 'orders', operation: 'get', errorType: '_OTHER', count: 1 },
  ])
})

test('with keep 0, errors are neither kept nor counted', () => {
  const { history, failAt } = createHistory({ keep: 0 })
  failAt(0)
  expect([history.entries, history.errorRate(1000), history.countsByType(), history.knownSinceMs]).toEqual([
    [],
    undefined,
    {},
    undefined,
  ])
})

test('after close no errors are kept', () => {
  const { history, failAt } = createHistory()
  history.close()
  failAt(0)
  expect(history.entries).toEqual([])
})

test.each([-1, 1.5, Number.NaN])('keep %f is rejected', (keep) => {
  expect(() => createHistory({ keep })).toThrow(`keep must be a whole number of 0 or more, got ${keep}`)
})
