import { expect, test } from 'vitest'
import type { Finding, Streak } from './check.ts'
import { step, type ToldState } from './hysteresis.ts'
import type { HealthStatus } from './status.ts'

const once: Streak = { count: 1, of: 1 }
const letters: Readonly<Record<string, HealthStatus>> = {
  h: 'healthy',
  d: 'degraded',
  k: 'unknown',
  u: 'unhealthy',
  c: 'critical',
}

/** What is told after each of these findings, one a second; the message of each says which it was. */
function told(findings: string, damping: { toWorse?: Streak; toBetter?: Streak } = {}): ToldState[] {
  const states: ToldState[] = []
  for (const [index, letter] of [...findings].entries()) {
    const found: Finding = { status: letters[letter] as HealthStatus, message: `${letter}${index}` }
    states.push(step(states.at(-1), found, index * 1000, { toWorse: once, toBetter: once, ...damping }))
  }
  return states
}

const statuses = (states: readonly ToldState[]): string =>
  states.map(({ status }) => (status === 'unknown' ? 'k' : status[0])).join('')

test('without damping each finding is the state', () => {
  expect(statuses(told('hdkuchcd'))).toBe('hdkuchcd')
})

test('the first finding ever counts at once', () => {
  const streak = { count: 3, of: 5 }
  expect(statuses(told('c', { toWorse: streak, toBetter: streak }))).toBe('c')
  expect(statuses(told('h', { toWorse: streak, toBetter: streak }))).toBe('h')
})

test('two of the last three make it worse, and one does not', () => {
  const toWorse = { count: 2, of: 3 }
  expect(statuses(told('huhhuhu', { toWorse }))).toBe('hhhhhhu')
})

test('three in a row make it better, and the row begins anew with each relapse', () => {
  const toBetter = { count: 3, of: 3 }
  expect(statuses(told('uhhuhhh', { toBetter }))).toBe('uuuuuuh')
})

test('the state is the one that enough runs agree on at least', () => {
  expect(statuses(told('hcd', { toWorse: { count: 2, of: 2 } })), 'critical is at least degraded').toBe('hhd')
  expect(statuses(told('cdh', { toBetter: { count: 2, of: 2 } })), 'healthy is at most degraded').toBe('ccd')
  expect(statuses(told('hcc', { toWorse: { count: 2, of: 2 } }))).toBe('hhc')
})

test('a bad finding of a while ago does not make worse what is getting better', () => {
  expect(statuses(told('uhhh', { toWorse: { count: 1, of: 5 } }))).toBe('uhhh')
})

test('the message belongs to the state that is told, and is its newest', () => {
  const states = told('hhuhuu', { toWorse: { count: 2, of: 2 } })
  expect(states.map(({ finding }) => finding.message)).toEqual(['h0', 'h1', 'h1', 'h3', 'h3', 'u5'])
})

test('of findings that agree on something between, the one that says it is shown', () => {
  const [, , state] = told('hdc', { toWorse: { count: 2, of: 2 } })
  expect(state).toMatchObject({ status: 'degraded', finding: { message: 'd1' } })
})

test('a state is as old as itself, not as its newest finding', () => {
  expect(told('huuh').map(({ sinceMs }) => sinceMs)).toEqual([0, 1000, 1000, 3000])
})

test('no more findings are kept than are looked at', () => {
  expect(told('h'.repeat(50), { toWorse: { count: 2, of: 4 }, toBetter: { count: 2, of: 3 } }).at(-1)?.recent).toHaveLength(4)
})
