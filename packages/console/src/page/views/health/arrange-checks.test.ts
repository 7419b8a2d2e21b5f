import { expect, test } from 'vitest'
import type { HealthCheck } from '../../api/types.ts'
import { arrangeChecks, checkId } from './arrange-checks.ts'

function check(id: string, fields: Partial<HealthCheck> = {}): HealthCheck {
  const [name = '', store] = id.split('/').reverse()
  return { name, status: 'healthy', message: '', sinceMs: 0, ...(store !== undefined && { store }), ...fields }
}

function arranged(checks: readonly HealthCheck[]) {
  return arrangeChecks(checks).problems.map(({ root, symptoms }) => [checkId(root), ...symptoms.map(checkId)])
}

test('symptoms stand below their root cause, however many causes are in between', () => {
  const checks = [
    check('orders/error_rates', {
      status: 'critical',
      cause: { message: '', check: 'database_connectivity', store: 'orders' },
    }),
    check('orders/database_connectivity', { status: 'unhealthy', cause: { message: '', check: 'responsiveness' } }),
    check('responsiveness', { status: 'degraded', cause: { message: 'The event loop was blocked.' } }),
    check('orders/disk_space'),
  ]
  expect(arranged(checks)).toEqual([['responsiveness', 'orders/error_rates', 'orders/database_connectivity']])
})

test('the cause of a store is not that of another store', () => {
  const checks = [
    check('a/error_rates', { status: 'degraded', cause: { message: '', check: 'disk_space', store: 'a' } }),
    check('a/disk_space', { status: 'unhealthy' }),
    check('b/disk_space', { status: 'critical' }),
  ]
  expect(arranged(checks)).toEqual([['b/disk_space'], ['a/disk_space', 'a/error_rates']])
})

test('a problem is as bad as its worst symptom, and of equals the older one is first', () => {
  const checks = [
    check('a/disk_space', { status: 'unhealthy', sinceMs: 20 }),
    check('b/disk_space', { status: 'unhealthy', sinceMs: 10 }),
    check('c/disk_space', { status: 'degraded' }),
    check('c/error_rates', { status: 'critical', cause: { message: '', check: 'disk_space', store: 'c' } }),
  ]
  expect(arranged(checks).map(([id]) => id)).toEqual(['c/disk_space', 'b/disk_space', 'a/disk_space'])
})

test('a cause that is healthy by now, or a cycle, hides no check', () => {
  const gone = check('a/error_rates', { status: 'degraded', cause: { message: '', check: 'responsiveness' } })
  const one = check('one', { status: 'degraded', cause: { message: '', check: 'two' } })
  const two = check('two', { status: 'degraded', cause: { message: '', check: 'one' } })
  expect(
    arranged([gone, check('responsiveness'), one, two])
      .flat()
      .sort(),
  ).toEqual(['a/error_rates', 'one', 'two'])
})

test('a check that has not run waits, and one that could not find out is a problem', () => {
  const { waiting, problems } = arrangeChecks([
    check('a/disk_space', { status: 'unknown' }),
    check('b/disk_space', { status: 'unknown', reason: 'timeout' }),
  ])
  expect(waiting.map(checkId)).toEqual(['a/disk_space'])
  expect(problems.map(({ root }) => checkId(root))).toEqual(['b/disk_space'])
})
