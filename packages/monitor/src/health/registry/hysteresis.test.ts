import { expect, test } from 'vitest'
import type { Finding, RunThreshold } from '../check.ts'
import type { HealthStatus } from '../status.ts'
import { nextReportedState, type ReportedState } from './hysteresis.ts'

const everyRun: RunThreshold = { count: 1, of: 1 }
const letters: Readonly<Record<string, HealthStatus>> = {
  h: 'healthy',
  d: 'degraded',
  k: 'unknown',
  u: 'unhealthy',
  c: 'critical',
}

/** Returns the states after these findings, one per second; the message of each is its letter and index. */
function reportedStates(
  findings: string,
  hysteresis: { failureThreshold?: RunThreshold; recoveryThreshold?: RunThreshold } = {},
): ReportedState[] {
  const states: ReportedState[] = []
  for (const [index, letter] of [...findings].entries()) {
    const finding: Finding = { status: letters[letter] as HealthStatus, message: `${letter}${index}` }
    states.push(
      nextReportedState(states.at(-1), finding, index * 1000, {
        failureThreshold: everyRun,
        recoveryThreshold: everyRun,
        ...hysteresis,
      }),
    )
  }
  return states
}

const statuses = (states: readonly ReportedState[]): string =>
  states.map(({ status }) => (status === 'unknown' ? 'k' : status[0])).join('')

test('without hysteresis each finding is reported', () => {
  expect(statuses(reportedStates('hdkuchcd'))).toBe('hdkuchcd')
})

test('the first finding is reported at once', () => {
  const threshold = { count: 3, of: 5 }
  expect(statuses(reportedStates('c', { failureThreshold: threshold, recoveryThreshold: threshold }))).toBe('c')
  expect(statuses(reportedStates('h', { failureThreshold: threshold, recoveryThreshold: threshold }))).toBe('h')
})

test('two of the last three runs make the status worse, and one does not', () => {
  const failureThreshold = { count: 2, of: 3 }
  expect(statuses(reportedStates('huhhuhu', { failureThreshold }))).toBe('hhhhhhu')
})

test('three runs in a row make the status better, and a worse finding restarts the count', () => {
  const recoveryThreshold = { count: 3, of: 3 }
  expect(statuses(reportedStates('uhhuhhh', { recoveryThreshold }))).toBe('uuuuuuh')
})

test('the status is the one that enough runs reach or exceed', () => {
  expect(statuses(reportedStates('hcd', { failureThreshold: { count: 2, of: 2 } })), 'critical is at least degraded').toBe('hhd')
  expect(statuses(reportedStates('cdh', { recoveryThreshold: { count: 2, of: 2 } })), 'healthy is at most degraded').toBe('ccd')
  expect(statuses(reportedStates('hcc', { failureThreshold: { count: 2, of: 2 } }))).toBe('hhc')
})

test('an old bad finding does not make a recovering status worse', () => {
  expect(statuses(reportedStates('uhhh', { failureThreshold: { count: 1, of: 5 } }))).toBe('uhhh')
})

test('the message is that of the newest finding with the reported status', () => {
  const states = reportedStates('hhuhuu', { failureThreshold: { count: 2, of: 2 } })
  expect(states.map(({ finding }) => finding.message)).toEqual(['h0', 'h1', 'h1', 'h3', 'h3', 'u5'])
})

test('if runs agree on a status in between, the finding with that status is reported', () => {
  const [, , state] = reportedStates('hdc', { failureThreshold: { count: 2, of: 2 } })
  expect(state).toMatchObject({ status: 'degraded', finding: { message: 'd1' } })
})

test('`sinceMs` is the start of the status, not the time of its newest finding', () => {
  expect(reportedStates('huuh').map(({ sinceMs }) => sinceMs)).toEqual([0, 1000, 1000, 3000])
})

test('only as many findings are kept as the thresholds need', () => {
  expect(
    reportedStates('h'.repeat(50), { failureThreshold: { count: 2, of: 4 }, recoveryThreshold: { count: 2, of: 3 } }).at(-1)
      ?.recent,
  ).toHaveLength(4)
})
