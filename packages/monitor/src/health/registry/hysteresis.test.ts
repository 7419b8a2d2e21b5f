import { expect, test } from 'vitest'
import type { Finding, RunThreshold } from '../check.ts'
import type { HealthStatus } from '../status.ts'
import { type ReportedState, step } from './hysteresis.ts'

const once: RunThreshold = { count: 1, of: 1 }
const letters: Readonly<Record<string, HealthStatus>> = {
  h: 'healthy',
  d: 'degraded',
  k: 'unknown',
  u: 'unhealthy',
  c: 'critical',
}

/** What is told after each of these findings, one a second; the message of each says which it was. */
function told(
  findings: string,
  damping: { failureThreshold?: RunThreshold; recoveryThreshold?: RunThreshold } = {},
): ReportedState[] {
  const states: ReportedState[] = []
  for (const [index, letter] of [...findings].entries()) {
    const found: Finding = { status: letters[letter] as HealthStatus, message: `${letter}${index}` }
    states.push(step(states.at(-1), found, index * 1000, { failureThreshold: once, recoveryThreshold: once, ...damping }))
  }
  return states
}

const statuses = (states: readonly ReportedState[]): string =>
  states.map(({ status }) => (status === 'unknown' ? 'k' : status[0])).join('')

test('without damping each finding is the state', () => {
  expect(statuses(told('hdkuchcd'))).toBe('hdkuchcd')
})

test('the first finding ever counts at once', () => {
  const streak = { count: 3, of: 5 }
  expect(statuses(told('c', { failureThreshold: streak, recoveryThreshold: streak }))).toBe('c')
  expect(statuses(told('h', { failureThreshold: streak, recoveryThreshold: streak }))).toBe('h')
})

test('two of the last three make it worse, and one does not', () => {
  const failureThreshold = { count: 2, of: 3 }
  expect(statuses(told('huhhuhu', { failureThreshold }))).toBe('hhhhhhu')
})

test('three in a row make it better, and the row begins anew with each relapse', () => {
  const recoveryThreshold = { count: 3, of: 3 }
  expect(statuses(told('uhhuhhh', { recoveryThreshold }))).toBe('uuuuuuh')
})

test('the state is the one that enough runs agree on at least', () => {
  expect(statuses(told('hcd', { failureThreshold: { count: 2, of: 2 } })), 'critical is at least degraded').toBe('hhd')
  expect(statuses(told('cdh', { recoveryThreshold: { count: 2, of: 2 } })), 'healthy is at most degraded').toBe('ccd')
  expect(statuses(told('hcc', { failureThreshold: { count: 2, of: 2 } }))).toBe('hhc')
})

test('a bad finding of a while ago does not make worse what is getting better', () => {
  expect(statuses(told('uhhh', { failureThreshold: { count: 1, of: 5 } }))).toBe('uhhh')
})

test('the message belongs to the state that is told, and is its newest', () => {
  const states = told('hhuhuu', { failureThreshold: { count: 2, of: 2 } })
  expect(states.map(({ finding }) => finding.message)).toEqual(['h0', 'h1', 'h1', 'h3', 'h3', 'u5'])
})

test('of findings that agree on something between, the one that says it is shown', () => {
  const [, , state] = told('hdc', { failureThreshold: { count: 2, of: 2 } })
  expect(state).toMatchObject({ status: 'degraded', finding: { message: 'd1' } })
})

test('a state is as old as itself, not as its newest finding', () => {
  expect(told('huuh').map(({ sinceMs }) => sinceMs)).toEqual([0, 1000, 1000, 3000])
})

test('no more findings are kept than are looked at', () => {
  expect(
    told('h'.repeat(50), { failureThreshold: { count: 2, of: 4 }, recoveryThreshold: { count: 2, of: 3 } }).at(-1)?.recent,
  ).toHaveLength(4)
})
