import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, onTestFinished, test } from 'vitest'
import { ErrorHistory, type ErrorHistoryOptions } from './error-history.ts'

const beginMs = 1_000_000

function remembered(options: Partial<ErrorHistoryOptions> = {}) {
  const registry = new MetricsRegistry()
  const clock = { timeMs: beginMs }
  const history = new ErrorHistory({ registry, keep: 10, now: () => clock.timeMs, ...options })
  onTestFinished(() => history.close())
  const failAt = (
    ms: number,
    { store = 'orders', operation = 'get' as const, errorType = '_OTHER', error = new Error('no') } = {},
  ) => {
    clock.timeMs = beginMs + ms
    registry.observer.emitError({ store, operation, errorType, error })
  }
  return { registry, clock, history, failAt }
}

test('equal errors within a second are one entry, newest first, and others come between without parting them', () => {
  const { history, failAt } = remembered()
  failAt(0)
  failAt(100, { errorType: 'LEVEL_IO_ERROR' })
  failAt(900)
  failAt(1000)
  expect(history.entries).toEqual([
    { firstMs: beginMs + 1000, lastMs: beginMs + 1000, store: 'orders', operation: 'get', errorType: '_OTHER', count: 1 },
    { firstMs: beginMs + 100, lastMs: beginMs + 100, store: 'orders', operation: 'get', errorType: 'LEVEL_IO_ERROR', count: 1 },
    { firstMs: beginMs, lastMs: beginMs + 900, store: 'orders', operation: 'get', errorType: '_OTHER', count: 2 },
  ])
})

test('the last are kept, and an entry that is gone takes no more errors', () => {
  const { history, failAt } = remembered({ keep: 2 })
  for (const store of ['a', 'b', 'c', 'a']) failAt(10, { store })
  expect(history.entries.map(({ store, count }) => [store, count])).toEqual([
    ['a', 1],
    ['c', 1],
  ])
})

test('two hundred thousand errors take no more room than the last few, and all are counted', () => {
  const { history, failAt } = remembered()
  for (let index = 0; index < 200_000; index++) failAt(index / 1000, { store: `store${index % 100}` })
  expect(history.entries).toHaveLength(10)
  expect(history.countsByType()).toEqual({ _OTHER: 128_000, _REST: 72_000 })
})

test('the rate is that of the window, of one store or of all; opening a store is no operation', () => {
  const { registry, clock, history, failAt } = remembered()
  for (let second = 0; second < 60; second++) {
    failAt(second * 1000)
    failAt(second * 1000, { store: 'users', errorType: 'LEVEL_IO_ERROR' })
  }
  registry.observer.emitError({ store: 'orders', operation: 'open', errorType: '_OTHER', error: undefined })
  clock.timeMs = beginMs + 60_000
  expect(history.errorRate(60_000)).toBe(2)
  expect(history.errorRate(30_000, 'users')).toBe(1)
  expect(history.countsByType(30_000)).toEqual({ _OTHER: 31, LEVEL_IO_ERROR: 30 })
  expect(history.countsByType(30_000, 'users')).toEqual({ LEVEL_IO_ERROR: 30 })
})

test('a window that reaches further back than errors are known has no rate, one without errors has 0', () => {
  const { clock, history, failAt } = remembered()
  clock.timeMs = beginMs + 60_000
  expect(history.errorRate(60_001)).toBeUndefined()
  expect(history.errorRate(60_000)).toBe(0)
  expect(history.errorRate(0)).toBeUndefined()
  for (let second = 0; second < 2000; second++) failAt(second * 1000)
  expect(history.knownSinceMs).toBe(beginMs + 1_100_000)
  expect(history.errorRate(899_000)).toBeCloseTo(1, 2)
  expect(history.errorRate(900_000)).toBeUndefined()
})

test('a clock that is set back leaves nothing to compare with', () => {
  const { history, failAt } = remembered()
  failAt(100_000)
  failAt(50_000)
  expect(history.entries.map(({ count }) => count)).toEqual([1, 1])
  expect(history.knownSinceMs).toBe(beginMs + 50_000)
  expect(history.countsByType()).toEqual({ _OTHER: 1 })
})

test('without a redactor there is no message; with one there is what it says, cut short', () => {
  const redact = (error: unknown) => `${(error as Error).name} ${'x'.repeat(1000)}`
  const bare = remembered()
  bare.failAt(0, { error: new Error('secret key') })
  expect(JSON.stringify(bare.history.entries)).not.toContain('secret')
  const redacted = remembered({ redact })
  redacted.failAt(0, { error: new TypeError('secret key') })
  expect(redacted.history.entries[0]?.message).toMatch(/^TypeError x{490}$/)
})

test('errors with different messages are different ones', () => {
  const { history, failAt } = remembered({ redact: (error) => (error as Error).message })
  for (const message of ['full', 'gone', 'full']) failAt(0, { error: new Error(message) })
  expect(history.entries.map(({ message, count }) => [message, count])).toEqual([
    ['gone', 1],
    ['full', 2],
  ])
})

test.each([
  ['throws', () => JSON.parse('{')],
  ['says nothing', () => undefined],
  ['says what is no text', () => 5 as never],
])('a redactor that %s leaves the message out', (_, redact) => {
  const { history, failAt } = remembered({ redact })
  failAt(0)
  expect(history.entries).toEqual([
    { firstMs: beginMs, lastMs: beginMs, store: 'orders', operation: 'get', errorType: '_OTHER', count: 1 },
  ])
})

test('with keep 0 nothing is kept and nothing known', () => {
  const { history, failAt } = remembered({ keep: 0 })
  failAt(0)
  expect([history.entries, history.errorRate(1000), history.countsByType(), history.knownSinceMs]).toEqual([
    [],
    undefined,
    {},
    undefined,
  ])
})

test('closed, it takes nothing more', () => {
  const { history, failAt } = remembered()
  history.close()
  failAt(0)
  expect(history.entries).toEqual([])
})

test.each([-1, 1.5, Number.NaN])('keep %f is refused', (keep) => {
  expect(() => remembered({ keep })).toThrow(`keep must be a whole number of 0 or more, got ${keep}`)
})
