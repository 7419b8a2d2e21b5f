import { expect, test } from 'vitest'
import type { HealthChange, HealthCheck, TimelineEvent } from '../../api/types.ts'
import { healthLanes, mergeChanges } from './health-lanes.ts'

const disk: HealthCheck = { name: 'disk_space', store: 'orders', status: 'degraded', message: 'Low', sinceMs: 500 }
const memory: HealthCheck = { name: 'memory_usage', status: 'healthy', message: 'Enough', sinceMs: 100 }

function change(timeMs: number, from: HealthChange['from'], to: HealthChange['to']): HealthChange {
  return { timeMs, name: 'disk_space', store: 'orders', from, to, message: 'Low' }
}

test('a check has an interval for each status, back to when the monitoring began', () => {
  const changes = [change(200, 'healthy', 'critical'), change(300, 'critical', 'healthy'), change(500, 'healthy', 'degraded')]
  const lanes = healthLanes([memory, disk], changes, { startMs: 0, endMs: 1000, knownSinceMs: 100 })
  expect(lanes.map(({ label }) => label)).toEqual(['orders: disk space'])
  expect(lanes[0]?.intervals.map(({ title, startMs, endMs }) => [title, startMs, endMs])).toEqual([
    ['healthy', 100, 200],
    ['critical: Low', 200, 300],
    ['healthy: Low', 300, 500],
    ['degraded: Low', 500, undefined],
  ])
})

test('a check that was not healthy before the range only is left out', () => {
  const changes = [change(200, 'healthy', 'critical'), change(300, 'critical', 'healthy')]
  const healthy = { ...disk, status: 'healthy' as const }
  expect(healthLanes([healthy], changes, { startMs: 600, endMs: 1000, knownSinceMs: 0 })).toEqual([])
})

test('a failing check without a known change lasts since it says', () => {
  expect(healthLanes([disk], [], { startMs: 0, endMs: 1000, knownSinceMs: 100 })[0]?.intervals).toMatchObject([
    { startMs: 500, title: 'degraded: Low' },
  ])
})

test('a change that the answer and the timeline both have counts once', () => {
  const event: TimelineEvent = {
    id: '1-1',
    key: '1',
    kind: 'health_change',
    startMs: 200,
    endMs: 200,
    store: 'orders',
    severity: 'warning',
    title: '',
    details: { check: 'disk_space', from: 'healthy', to: 'critical', message: 'Low' },
  }
  const other = { ...event, startMs: 100, endMs: 100 }
  expect(mergeChanges([change(200, 'healthy', 'critical')], [event, other]).map(({ timeMs }) => timeMs)).toEqual([100, 200])
})
