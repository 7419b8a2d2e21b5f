import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { TimeSeries } from '../../history/memory/time-series.ts'
import type { ProcessState } from '../../process/process-state.ts'
import { builtInChecks } from '../built-in-checks.ts'
import type { HealthCheckResult } from '../check.ts'
import { errorRates } from '../checks/error-rates.ts'
import { commonRemediations, type Remediation } from '../checks/remediation.ts'
import { createExplain } from './explanation.ts'
import { rootCauses } from './root-causes.ts'

const calm: ProcessState = {
  loopBlockedSeconds: () => 0,
  longestLoopBlockSeconds: () => 0,
  poolWaitSeconds: () => 0,
  longestPoolWaitSeconds: () => 0,
  poolSize: 4,
  watch: () => () => {},
}

function result(name: string, status: HealthCheckResult['status'], reason?: string, store?: string): HealthCheckResult {
  const times = { lastCheckMs: 1000, sinceMs: 0, durationSeconds: 5 }
  return { name, status, message: `${name} is ${status}`, ...times, ...(reason && { reason }), ...(store && { store }) }
}

function explainFirst(all: readonly HealthCheckResult[], process: ProcessState = calm) {
  const explain = createExplain({ history: new TimeSeries(), registry: new MetricsRegistry(), process })
  return explain(all[0] as HealthCheckResult, all, 1000)
}

const errors = result('error_rates', 'unhealthy', 'failures', 'orders')

test('errors are traced to their root cause: low disk space, then stalls, a slow store, and errors', () => {
  const slow = result('database_connectivity', 'unhealthy', 'timeout', 'orders')
  const stalled = result('compaction_status', 'critical', 'stalled', 'orders')
  const full = result('disk_space', 'unhealthy', 'no_room', 'orders')
  expect(explainFirst([errors, slow]).cause).toMatchObject({ check: 'database_connectivity', store: 'orders' })
  expect(explainFirst([errors, slow, stalled]).cause).toMatchObject({ check: 'compaction_status', store: 'orders' })
  expect(explainFirst([errors, slow, stalled, full])).toMatchObject({
    cause: {
      check: 'disk_space',
      store: 'orders',
      message: 'The volume of the store has too little free space for the pending compaction.',
    },
    nextSteps: expect.arrayContaining(['See disk_space: disk_space is unhealthy.', 'Free space on the volume, or enlarge it.']),
    runbookUrl: '@wombat/monitor/RUNBOOK.md#error_rates',
  })
})

test('causes are searched only among the checks of the same store and of the process', () => {
  let reads = 0
  const counted = (name: string, store: string): HealthCheckResult => {
    const one = result(name, 'critical', name === 'disk_space' ? 'insufficient' : 'failures', store)
    const get = (): string => {
      reads++
      return name
    }
    return Object.defineProperty(one, 'name', { get })
  }
  const readsWith = (stores: number): number => {
    const all = Array.from({ length: stores }, (_, index) =>
      ['error_rates', 'disk_space'].map((name) => counted(name, `s${index}`)),
    ).flat()
    const explain = createExplain({ history: new TimeSeries(), registry: new MetricsRegistry(), process: calm })
    reads = 0
    for (const one of all)
      expect(explain(one, all, 1000).cause?.check).toBe(one.name === 'error_rates' ? 'disk_space' : undefined)
    return reads / stores
  }
  expect(readsWith(200)).toBe(readsWith(2))
})

test('another store, a healthy check and low disk space explain nothing', () => {
  for (const other of [
    result('disk_space', 'critical', 'insufficient', 'users'),
    result('disk_space', 'healthy', undefined, 'orders'),
    result('disk_space', 'degraded', 'low', 'orders'),
    result('disk_space', 'unknown', undefined, 'orders'),
  ]) {
    expect(explainFirst([errors, other]).cause).toEqual({ message: errorRates.remediations.else.cause })
  }
})

test('corrupted data is never a symptom', () => {
  const full = result('disk_space', 'critical', 'insufficient', 'orders')
  expect(explainFirst([result('error_rates', 'critical', 'corruption', 'orders'), full]).cause).not.toHaveProperty('check')
})

test('the event loop explains every store, and memory explains the event loop', () => {
  const slow = result('database_connectivity', 'degraded', 'event_loop', 'orders')
  const blocked = result('responsiveness', 'degraded', 'event_loop')
  const memory = result('memory_usage', 'critical', 'heap')
  expect(explainFirst([slow, blocked]).cause).toMatchObject({ check: 'responsiveness' })
  expect(explainFirst([blocked, memory]).cause).toMatchObject({ check: 'memory_usage' })
})

test('a check that timed out is explained by the event loop or thread pool during its run', () => {
  const queried: number[] = []
  const busy = { ...calm, poolWaitSeconds: (fromMs: number, toMs: number) => queried.push(fromMs, toMs) && 3 }
  const timedOut = result('disk_space', 'degraded', 'timeout', 'orders')
  expect(explainFirst([timedOut], busy).cause?.message).toBe(commonRemediations['thread_pool']?.cause)
  const [fromMs = 0, toMs = 0] = queried
  expect(toMs - fromMs).toBeCloseTo(5000)
  expect(Math.abs(toMs - performance.now())).toBeLessThan(5000)
  expect(explainFirst([timedOut]).cause?.message).toBe(commonRemediations['store']?.cause)
  expect(explainFirst([timedOut], { ...calm, loopBlockedSeconds: () => 4 }).cause?.message).toBe(
    commonRemediations['event_loop']?.cause,
  )
})

test('healthy, unknown and custom checks have no cause', () => {
  expect(explainFirst([result('disk_space', 'healthy', undefined, 'orders')])).not.toHaveProperty('cause')
  expect(explainFirst([result('disk_space', 'unknown', undefined, 'orders')])).not.toHaveProperty('cause')
  expect(explainFirst([result('payment_gateway', 'critical')])).toEqual({ nextSteps: [] })
  expect(explainFirst([result('memory_usage', 'unhealthy', 'exception')]).cause?.message).toBe(
    commonRemediations['exception']?.cause,
  )
})

test('every remediation is a list of short sentences, and every check has a section in the runbook', () => {
  const runbook = readFileSync(join(import.meta.dirname, '../../../RUNBOOK.md'), 'utf8')
  const all = [commonRemediations, ...builtInChecks.map(({ remediations }) => remediations)].flatMap((reasons) =>
    Object.values<Remediation>(reasons),
  )
  for (const { cause, nextSteps } of all) {
    expect(cause).toMatch(/^[A-Z].*\.$/)
    expect(nextSteps.length).toBeGreaterThan(0)
    for (const step of nextSteps) expect(step).toMatch(/^[A-Z].{3,80}\.$/)
  }
  for (const { name } of builtInChecks) expect(runbook).toContain(`\n### ${name}\n`)
})

test('no check is its own root cause, over any number of steps', () => {
  const effects = (name: string): string[] =>
    rootCauses.flatMap(({ check, explains }) => (check === name ? Object.keys(explains) : []))
  const walk = (name: string, path: readonly string[]): void => {
    expect(path).not.toContain(name)
    for (const effect of effects(name)) walk(effect, [...path, name])
  }
  for (const { check } of rootCauses) walk(check, [])
})
