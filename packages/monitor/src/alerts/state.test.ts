import { describe, expect, test } from 'vitest'
import { type AlertState, type BreachStatus, nextAlertState, resolvedRetentionMs, restoreState } from './state.ts'

const minute = 60_000
const times = { forMs: 2 * minute, keepFiringForMs: 0 }

/** Returns the state after evaluations a minute apart, the first at 0. */
function after(statuses: readonly BreachStatus[], over: Partial<typeof times> = {}): AlertState | undefined {
  return statuses.reduce<AlertState | undefined>(
    (state, status, index) => nextAlertState(state, status, index * minute, { ...times, ...over }),
    undefined,
  )
}

test('an alert is pending until the first evaluation at or after its duration', () => {
  expect(after(['breached'])).toEqual({ name: 'pending', activeAtMs: 0 })
  expect(after(['breached', 'breached'])).toEqual({ name: 'pending', activeAtMs: 0 })
  expect(after(['breached', 'breached', 'breached'])).toEqual({ name: 'firing', activeAtMs: 0, firedAtMs: 2 * minute })
})

test('without a duration it fires at once', () => {
  expect(after(['breached'], { forMs: 0 })).toEqual({ name: 'firing', activeAtMs: 0, firedAtMs: 0 })
})

test('one evaluation without a breach restarts the duration', () => {
  expect(after(['breached', 'ok'])).toBe(undefined)
  expect(after(['breached', 'ok', 'breached'])).toEqual({ name: 'pending', activeAtMs: 2 * minute })
})

test('a firing alert is resolved by the first evaluation without a breach, and dropped 15 minutes later', () => {
  const resolved = after(['breached', 'breached', 'breached', 'ok'])
  expect(resolved).toMatchObject({ name: 'resolved', activeAtMs: 0, resolvedAtMs: 3 * minute })
  expect(nextAlertState(resolved, 'ok', 3 * minute + resolvedRetentionMs, times)).toBe(resolved)
  expect(nextAlertState(resolved, 'ok', 3 * minute + resolvedRetentionMs + 1, times)).toBe(undefined)
})

test('a resolved alert that is breached again is a new alert', () => {
  expect(after(['breached', 'breached', 'breached', 'ok', 'breached'])).toEqual({ name: 'pending', activeAtMs: 4 * minute })
})

test('with keepFiringForMs, an alert survives short pauses, and each breach restarts that time', () => {
  const keeping = { forMs: 0, keepFiringForMs: 2 * minute }
  expect(after(['breached', 'ok'], keeping)?.name).toBe('firing')
  expect(after(['breached', 'ok', 'ok'], keeping)?.name).toBe('firing')
  expect(after(['breached', 'ok', 'ok', 'ok'], keeping)?.name).toBe('resolved')
  expect(after(['breached', 'ok', 'breached', 'ok', 'ok'], keeping)?.name).toBe('firing')
})

test('an unknown status keeps every state', () => {
  expect(after(['unknown'])).toBe(undefined)
  expect(after(['breached', 'unknown', 'breached'])).toMatchObject({ name: 'firing', activeAtMs: 0 })
  expect(after(['breached', 'breached', 'breached', 'unknown'])?.name).toBe('firing')
})

describe('after a restart', () => {
  const hour = 60 * minute
  const pending: AlertState = { name: 'pending', activeAtMs: 0 }

  test('a duration that had ended before the outage stays ended', () => {
    expect(restoreState(pending, 30 * minute, 35 * minute, 30 * minute)).toEqual(pending)
  })

  test('less than ten remaining minutes become ten', () => {
    expect(restoreState(pending, 25 * minute, 40 * minute, 30 * minute)).toEqual({ name: 'pending', activeAtMs: 20 * minute })
  })

  test('a longer remaining time continues as if there had been no outage', () => {
    expect(restoreState(pending, 5 * minute, 20 * minute, 30 * minute)).toEqual({ name: 'pending', activeAtMs: 15 * minute })
  })

  test('a short duration continues where it was', () => {
    expect(restoreState(pending, 1 * minute, 3 * minute, 5 * minute)).toEqual({ name: 'pending', activeAtMs: 2 * minute })
  })

  test('a firing alert still fires, so that its resolution is notified', () => {
    const firing: AlertState = { name: 'firing', activeAtMs: 0, firedAtMs: minute }
    expect(restoreState(firing, 2 * minute, 10 * minute, minute)).toEqual(firing)
  })

  test('after more than an hour there is no state', () => {
    expect(restoreState(pending, 0, hour + 1, 30 * minute)).toBe(undefined)
  })
})
