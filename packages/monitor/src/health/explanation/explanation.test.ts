import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { TimeSeries } from '../../history/memory/time-series.ts'
import type { ProcessState } from '../../process/process-state.ts'
import type { HealthCheckResult } from '../check.ts'
import { defaultRemediation, type Remediation, remediations } from '../checks/remediation.ts'
import { createExplain } from './explanation.ts'
import { rootCauses } from './root-causes.ts'

const calm: ProcessState = {
  loopBlockedSeconds: () => 0,
  longestLoopBlockSeconds: () => 0,
  poolWaitSeconds: () => 0,
  longestPoolWaitSeconds: () => 0,
  poolSize: 4,
}

function result(name: string, status: HealthCheckResult['status'], reason?: string, store?: string): HealthCheckResult {
  const times = { lastCheckMs: 1000, sinceMs: 0, durationSeconds: 5 }
  return { name, status, message: `${name} is ${status}`, ...times, ...(reason && { reason }), ...(store && { store }) }
}

function explained(all: readonly HealthCheckResult[], process: ProcessState = calm) {
  const explain = createExplain({ history: new TimeSeries(), registry: new MetricsRegistry(), process })
  return explain(all[0] as HealthCheckResult, all, 1000)
}

const errors = result('error_rates', 'unhealthy', 'failures', 'orders')

test('errors are followed down to what they come from: no room, stalls, a store that is late, errors', () => {
  const late = result('database_connectivity', 'unhealthy', 'timeout', 'orders')
  const stalled = result('compaction_status', 'critical', 'stalled', 'orders')
  const full = result('disk_space', 'unhealthy', 'no_room', 'orders')
  expect(explained([errors, late]).cause).toMatchObject({ check: 'database_connectivity', store: 'orders' })
  expect(explained([errors, late, stalled]).cause).toMatchObject({ check: 'compaction_status', store: 'orders' })
  expect(explained([errors, late, stalled, full])).toMatchObject({
    cause: {
      check: 'disk_space',
      store: 'orders',
      message: 'There is no room on the volume for what compaction has to rewrite.',
    },
    nextSteps: expect.arrayContaining(['See disk_space: disk_space is unhealthy.', 'Free space on the volume, or enlarge it.']),
    runbookUrl: '@wombat/monitor/RUNBOOK.md#error_rates',
  })
})

test('a store’s trouble is followed among its own checks and those of the process, however many stores there are', () => {
  let looks = 0
  const counted = (name: string, store: string): HealthCheckResult => {
    const one = result(name, 'critical', name === 'disk_space' ? 'insufficient' : 'failures', store)
    const get = (): string => {
      looks++
      return name
    }
    return Object.defineProperty(one, 'name', { get })
  }
  const looksWith = (stores: number): number => {
    const all = Array.from({ length: stores }, (_, index) =>
      ['error_rates', 'disk_space'].map((name) => counted(name, `s${index}`)),
    ).flat()
    const explain = createExplain({ history: new TimeSeries(), registry: new MetricsRegistry(), process: calm })
    looks = 0
    for (const one of all)
      expect(explain(one, all, 1000).cause?.check).toBe(one.name === 'error_rates' ? 'disk_space' : undefined)
    return looks / stores
  }
  expect(looksWith(200)).toBe(looksWith(2))
})

test('another store, a check that is well and one that is only low explain nothing', () => {
  for (const other of [
    result('disk_space', 'critical', 'insufficient', 'users'),
    result('disk_space', 'healthy', undefined, 'orders'),
    result('disk_space', 'degraded', 'low', 'orders'),
    result('disk_space', 'unknown', undefined, 'orders'),
  ]) {
    expect(explained([errors, other]).cause).toEqual({ message: remediations.error_rates.else.cause })
  }
})

test('damage is nobody’s symptom', () => {
  const full = result('disk_space', 'critical', 'insufficient', 'orders')
  expect(explained([result('error_rates', 'critical', 'corruption', 'orders'), full]).cause).not.toHaveProperty('check')
})

test('what the process does explains every store, and memory explains the process', () => {
  const slow = result('database_connectivity', 'degraded', 'event_loop', 'orders')
  const blocked = result('responsiveness', 'degraded', 'event_loop')
  const memory = result('memory_usage', 'critical', 'heap')
  expect(explained([slow, blocked]).cause).toMatchObject({ check: 'responsiveness' })
  expect(explained([blocked, memory]).cause).toMatchObject({ check: 'memory_usage' })
})

test('a check that is late is explained by what the process knows of that time, on its own clock', () => {
  const asked: number[] = []
  const busy = { ...calm, poolWaitSeconds: (fromMs: number, toMs: number) => asked.push(fromMs, toMs) && 3 }
  const late = result('disk_space', 'degraded', 'timeout', 'orders')
  expect(explained([late], busy).cause?.message).toBe(defaultRemediation['thread_pool']?.cause)
  const [fromMs = 0, toMs = 0] = asked
  expect(toMs - fromMs).toBeCloseTo(5000)
  expect(Math.abs(toMs - performance.now())).toBeLessThan(5000)
  expect(explained([late]).cause?.message).toBe(defaultRemediation['store']?.cause)
  expect(explained([late], { ...calm, loopBlockedSeconds: () => 4 }).cause?.message).toBe(defaultRemediation['event_loop']?.cause)
})

test('of what is well, was not looked at, or is somebody else’s check, nothing is claimed', () => {
  expect(explained([result('disk_space', 'healthy', undefined, 'orders')])).not.toHaveProperty('cause')
  expect(explained([result('disk_space', 'unknown', undefined, 'orders')])).not.toHaveProperty('cause')
  expect(explained([result('payment_gateway', 'critical')])).toEqual({ nextSteps: [] })
  expect(explained([result('memory_usage', 'unhealthy', 'exception')]).cause?.message).toBe(
    defaultRemediation['exception']?.cause,
  )
})

test('every advice says what to do in short sentences, and every check has its section of the runbook', () => {
  const runbook = readFileSync(join(import.meta.dirname, '../../../RUNBOOK.md'), 'utf8')
  const all = [defaultRemediation, ...Object.values(remediations)].flatMap((reasons) => Object.values<Remediation>(reasons))
  for (const { cause, nextSteps } of all) {
    expect(cause).toMatch(/^[A-Z].*\.$/)
    expect(nextSteps.length).toBeGreaterThan(0)
    for (const step of nextSteps) expect(step).toMatch(/^[A-Z].{3,80}\.$/)
  }
  for (const name of Object.keys(remediations)) expect(runbook).toContain(`\n### ${name}\n`)
})

test('the chain has no circles: nothing comes, over whatever steps, from itself', () => {
  const effects = (name: string): string[] =>
    rootCauses.flatMap(({ check, explains }) => (check === name ? Object.keys(explains) : []))
  const walk = (name: string, path: readonly string[]): void => {
    expect(path).not.toContain(name)
    for (const effect of effects(name)) walk(effect, [...path, name])
  }
  for (const { check } of rootCauses) walk(check, [])
})
