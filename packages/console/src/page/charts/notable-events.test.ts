import { expect, test } from 'vitest'
import type { TimelineEvent } from '../api/types.ts'
import { groupLast, selectNotable } from './notable-events.ts'

const event = (kind: TimelineEvent['kind'], details: TimelineEvent['details'] = {}): TimelineEvent => ({
  id: '1',
  key: '1',
  kind,
  startMs: 0,
  severity: 'info',
  title: kind,
  details,
})

test('the daily work of an engine is not worth a word, what the application did is', () => {
  const events = [event('flush'), event('compaction'), event('write_stall'), event('annotation'), event('settings')]
  expect(selectNotable(events).map(({ kind }) => kind)).toEqual(['annotation', 'settings'])
})

test('an alert is worth a word when it fires or is resolved', () => {
  const alerts = ['pending', 'firing', 'resolved', 'inactive'].map((to) => event('alert', { to }))
  expect(selectNotable(alerts).map(({ details }) => details['to'])).toEqual(['firing', 'resolved'])
})

test('equal events that follow each other are one, with all their stores', () => {
  const opened = ['a', 'b', 'a'].map((store) => ({ ...event('store_opened'), store }))
  const groups = groupLast([event('process'), ...opened, event('settings')], 2)
  expect(groups.map(({ last, count, stores }) => [last.kind, count, stores])).toEqual([
    ['settings', 1, []],
    ['store_opened', 3, ['a', 'b']],
  ])
})
