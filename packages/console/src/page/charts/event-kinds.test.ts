import { expect, test } from 'vitest'
import { eventColor } from './event-kinds.ts'

test('a health change has the color of the new status', () => {
  const changed = ['healthy', 'critical'].map((to) => eventColor({ kind: 'health_change', severity: 'info', details: { to } }))
  expect(changed).toEqual(['--healthy', '--critical'])
})

test('an alert that fires has the color of its severity, one that is resolved is healthy', () => {
  expect(eventColor({ kind: 'alert', severity: 'warning', details: { to: 'firing' } })).toBe('--degraded')
  expect(eventColor({ kind: 'alert', severity: 'critical', details: { to: 'firing' } })).toBe('--critical')
  expect(eventColor({ kind: 'alert', severity: 'info', details: { to: 'resolved' } })).toBe('--healthy')
})

test('any other event has the color of its kind', () => {
  expect(eventColor({ kind: 'settings', severity: 'info', details: {} })).toBe('--series-1')
})
