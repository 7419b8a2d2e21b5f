import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import { readMeasured } from '../testing/index.ts'
import type { Method } from './method-patch.ts'
import { StoreContext } from './store-context.ts'
import { type CallbackOptions, wrapCallback, wrapLifecycleCallback } from './wrap-callback.ts'

type Done = (error?: unknown, result?: unknown) => void

function createContext(): { context: StoreContext; registry: MetricsRegistry } {
  const registry = new MetricsRegistry()
  const names = { store: 'db', engine: 'test', adapter: 'test' }
  return { context: new StoreContext(registry, names, ['get', 'batch'], new Set(['FULL'])), registry }
}

/** Wraps a function as a batch. */
function wrapped(method: (...args: never[]) => unknown, options: CallbackOptions = {}) {
  const { context, registry } = createContext()
  const run = wrapCallback(context, context.recorder('batch'), method as Method, options) as (...args: unknown[]) => unknown
  return { context, registry, run }
}

test('a call is in flight until its callback, and what the method returns is returned', () => {
  let finish: Done | undefined
  const { context, registry, run } = wrapped(
    (_entries: unknown[], done: Done) => {
      finish = done
      return 'returned'
    },
    { countEntries: (entries: unknown[]) => entries.length },
  )
  const results: unknown[] = []
  expect(run([1, 2, 3], (...args: unknown[]) => results.push(args))).toBe('returned')
  expect([context.inFlight.depth, readMeasured(registry, 'db').batch]).toEqual([1, { operations: 0, errors: 0, entries: 0 }])
  finish?.(null, 'result')
  expect(results).toEqual([[null, 'result']])
  expect([context.inFlight.depth, readMeasured(registry, 'db').batch]).toEqual([0, { operations: 1, errors: 0, entries: 3 }])
})

test('a call without a callback, within another one, or while nothing is measured is not recorded', () => {
  const { context, registry, run } = wrapped((...args: unknown[]) => args.length)
  expect(run()).toBe(0)
  expect(run('a', 'no callback')).toBe(2)
  context.withNested(true, () => run('a', () => {}))
  registry.enabled = false
  run('a', () => {})
  registry.enabled = true
  context.end()
  run('a', () => {})
  expect(readMeasured(registry, 'db').batch).toEqual({ operations: 0, errors: 0, entries: 0 })
})

test('the arguments of the caller are not changed', () => {
  const { run } = wrapped((_key: string, done: Done) => done())
  const args: unknown[] = ['a', () => {}]
  const before = [...args]
  run(...args)
  expect(args).toEqual(before)
})

test('an error is recorded with its code, unless it is an answer', () => {
  const failures = [
    Object.assign(new Error('full'), { code: 'FULL' }),
    'plain',
    Object.assign(new Error('none'), { isAnswer: true }),
  ]
  const { registry, run } = wrapped((index: number, done: Done) => done(failures[index]), {
    isAnswer: (error) => (error as { isAnswer?: boolean }).isAnswer === true,
    toCodedError: (error) => (error === 'plain' ? { code: 'FULL' } : error),
  })
  for (const index of failures.keys()) run(index, (error: unknown) => expect(error).toBe(failures[index]))
  expect(readMeasured(registry, 'db').batch).toEqual({ operations: 3, errors: 2, entries: 0 })
  const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
  expect(errors.map(({ labels, value }) => [labels['error_type'], value])).toEqual([['FULL', 2]])
})

test('opening and closing count their failures only, thrown or called back', () => {
  const { context, registry } = createContext()
  let opened = 0
  const failure = Object.assign(new Error('full'), { code: 'FULL' })
  const open = (method: (done: Done) => void) =>
    wrapLifecycleCallback(context, 'open', method as Method, () => opened++) as (done?: Done) => void
  open((done) => done())(() => {})
  open((done) => done(failure))(() => {})
  expect(() =>
    open(() => {
      throw failure
    })(() => {}),
  ).toThrow(failure)
  open(() => {})()
  expect(opened).toBe(1)
  const errors = registry.getAllMetrics().filter(({ name }) => name === 'db_errors_total')
  expect(errors.map(({ labels, value }) => [labels['operation'], labels['error_type'], value])).toEqual([['open', 'FULL', 2]])
})
