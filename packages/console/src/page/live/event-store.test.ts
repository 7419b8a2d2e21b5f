import { expect, test } from 'vitest'
import type { TimelineEvent } from '../api/types.ts'
import { EventStore } from './event-store.ts'

const event = (id: number, key: string, startMs: number, more: Partial<TimelineEvent> = {}): TimelineEvent => ({
  id: String(id),
  key,
  kind: 'write_stall',
  startMs,
  severity: 'warning',
  title: 'Writes are stopped',
  details: {},
  ...more,
})

test('an event with the same key replaces the earlier one', () => {
  const store = new EventStore()
  store.add([event(1, 'stall', 10), event(2, 'flush', 20)])
  store.add([event(3, 'stall', 10, { endMs: 30 })])
  expect(store.list().map(({ id, endMs }) => [id, endMs])).toEqual([
    ['3', 30],
    ['2', undefined],
  ])
  expect(store.lastId).toBe('3')
})

test('the oldest events are dropped when there are too many', () => {
  const store = new EventStore(10)
  for (let index = 0; index < 11; index++) store.add([event(index, `key ${index}`, index)])
  expect(store.list().map(({ startMs }) => startMs)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10])
})
