import { expect, test } from 'vitest'
import type { TimelineEvent } from '../api/types.ts'
import { describeNearby } from './nearby-events.ts'

const event = (title: string, startMs: number, more: Partial<TimelineEvent> = {}): TimelineEvent => ({
  id: title + startMs,
  key: title + startMs,
  kind: 'annotation',
  startMs,
  severity: 'info',
  title,
  details: {},
  ...more,
})
const describe = (events: readonly TimelineEvent[], timeMs: number): readonly string[] =>
  describeNearby(events, timeMs, 100).lines.map(({ text }) => text.replace(/^\S+ /, ''))

test('what began near a time comes before what lasts at it', () => {
  const events = [event('import', 0, { endMs: 60_000 }), event('stall', 20_050, { store: 'orders', endMs: 20_050 })]
  expect(describe(events, 20_000)).toEqual(['orders: stall', 'import, for 1 min'])
  expect(describe(events, 90_000)).toEqual([])
})

test('events with the same title are one line that counts them', () => {
  expect(describe([event('stall', 10), event('stall', 20), event('stall', 30)], 25)).toEqual(['stall, 3 times'])
})

test('of many different events, five are named and the others counted', () => {
  const events = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((title, index) => event(title, index))
  const { lines, others } = describeNearby(events, 0, 100)
  expect(lines).toHaveLength(5)
  expect(others).toBe(2)
})
