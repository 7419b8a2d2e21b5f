import { expect, test } from 'vitest'
import type { AlertState, TimelineEvent } from '../../api/types.ts'
import { type AlertChange, alertLanes, alertTitle, mergeAlertChanges } from './alert-lanes.ts'

const labels = { alertname: 'Slow', severity: 'critical', store: 'orders' }

function change(timeMs: number, from: string, to: string, store = 'orders'): AlertChange {
  return { timeMs, rule: 'Slow', labels: { ...labels, store }, from, to }
}

const range = { startMs: 0, endMs: 1000, knownSinceMs: 0 }

test('an alert has light intervals while it is pending, and full ones while it fires', () => {
  const changes = [
    change(100, 'inactive', 'pending'),
    change(200, 'pending', 'firing'),
    change(400, 'firing', 'resolved'),
    change(700, 'inactive', 'pending'),
  ]
  const [lane] = alertLanes([], changes, range)
  expect(lane?.label).toBe('Slow orders')
  expect(lane?.intervals.map(({ title, startMs, endMs, isLight = false }) => [title, startMs, endMs, isLight])).toEqual([
    ['pending', 100, 200, true],
    ['firing', 200, 400, false],
    ['pending', 700, undefined, true],
  ])
})

test('a label that is a number is named', () => {
  expect(alertTitle({ rule: 'Slow', labels: { ...labels, level: '0' } })).toBe('Slow orders level 0')
})

test('an alert that fires now is above those that do not, and an alert outside the range is left out', () => {
  const changes = [
    change(10, 'inactive', 'pending', 'old'),
    change(20, 'pending', 'inactive', 'old'),
    change(500, 'inactive', 'firing', 'firing'),
    change(600, 'inactive', 'pending', 'pending'),
    change(800, 'pending', 'inactive', 'pending'),
  ]
  expect(alertLanes([], changes, { ...range, startMs: 100 }).map(({ label }) => label)).toEqual(['Slow firing', 'Slow pending'])
})

test('what an alert was before its first known change lasts since the monitoring began', () => {
  expect(alertLanes([], [change(300, 'firing', 'resolved')], { ...range, knownSinceMs: 50 })[0]?.intervals).toMatchObject([
    { title: 'firing', startMs: 50, endMs: 300 },
  ])
})

test('an alert whose changes are forgotten is known by its state', () => {
  const alert: AlertState = {
    rule: 'Slow',
    labels,
    annotations: {},
    state: { name: 'firing', activeAtMs: 100, firedAtMs: 400 },
  }
  expect(alertLanes([alert], [], range)[0]?.intervals.map(({ title, startMs, endMs }) => [title, startMs, endMs])).toEqual([
    ['pending', 100, 400],
    ['firing', 400, undefined],
  ])
})

test('a transition that the timeline has too counts once', () => {
  const event: TimelineEvent = {
    id: '1-1',
    key: '1',
    kind: 'alert',
    startMs: 100,
    severity: 'critical',
    title: '',
    details: {
      rule: 'Slow',
      from: 'inactive',
      to: 'pending',
      labels: { store: 'orders', severity: 'critical', alertname: 'Slow' },
    },
  }
  const alert: AlertState = { rule: 'Slow', labels, annotations: {}, state: { name: 'pending', activeAtMs: 100 } }
  expect(mergeAlertChanges([{ atMs: 100, from: 'inactive', to: 'pending', alert }], [event])).toHaveLength(1)
})
