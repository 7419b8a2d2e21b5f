import { expect, test } from 'vitest'
import type { TimelineEvent } from '../../api/types.ts'
import { describeWork, selectBackgroundWork, sumWork, toLanes } from './background-work.ts'

function event(fields: Pick<TimelineEvent, 'key' | 'kind' | 'startMs' | 'details'> & Partial<TimelineEvent>): TimelineEvent {
  return { id: `1-${fields.key}`, severity: 'info', title: fields.kind, store: 'orders', ...fields }
}

const events = [
  event({ key: 'a', kind: 'flush', startMs: 100, endMs: 110, details: { bytes: 1_048_576, durationSeconds: 0.01 } }),
  event({
    key: 'b',
    kind: 'compaction',
    startMs: 120,
    endMs: 320,
    details: { level: 2, inputFiles: 5, outputFiles: 4, inputBytes: 8_388_608, outputBytes: 7_340_032 },
  }),
  event({ key: 'c', kind: 'compaction', startMs: 400, endMs: 500, details: { level: 1, inputFiles: 1, outputBytes: 1024 } }),
  event({ key: 'd', kind: 'write_stall', startMs: 900, details: { cause: 'level0' } }),
  event({ key: 'e', kind: 'flush', startMs: 100, endMs: 110, store: 'other', details: { bytes: 1 } }),
  event({ key: 'f', kind: 'settings', startMs: 100, endMs: 110, details: {} }),
]

test('only the work of the store within the range is selected, and a stall that lasts is part of it', () => {
  expect(selectBackgroundWork(events, 'orders', 350, 1000).map(({ key }) => key)).toEqual(['c', 'd'])
})

test('flushes, the compactions into each level, and stalls by cause have lanes, in this order', () => {
  const lanes = toLanes(selectBackgroundWork(events, 'orders', 0, 1000), 10, 1000)
  expect(lanes.map(({ label, intervals }) => [label, intervals.length])).toEqual([
    ['Flushes', 1],
    ['Compactions into L1', 1],
    ['Compactions into L2', 1],
    ['Stalls: too many files in level 0', 1],
  ])
  // The compaction that wrote most has the full height.
  expect(lanes[2]?.intervals[0]?.height).toBe(1)
})

test('what begins at the same time is one interval', () => {
  const flushes = [101, 104, 190].map((startMs) => ({
    key: `${startMs}`,
    kind: 'flush' as const,
    startMs,
    endMs: startMs + 2,
    outputBytes: 1024,
  }))
  expect(toLanes(flushes, 50, 1000)[0]?.intervals).toMatchObject([
    { startMs: 101, endMs: 106, title: '2 flushes of 2 KiB', height: 1 },
    { startMs: 190, endMs: 192, title: 'Flush of 1 KiB' },
  ])
})

test('the height of stalls is the share of time in which writers waited', () => {
  const stalls = [0, 60].map((startMs) => ({ key: `${startMs}`, kind: 'write_stall' as const, startMs, endMs: startMs + 25 }))
  expect(toLanes(stalls, 100, 1000)[0]?.intervals).toMatchObject([{ height: 0.5 }])
})

test('a compaction is described by what it read and wrote, without what is unknown', () => {
  expect(selectBackgroundWork(events, 'orders', 0, 1000).map(describeWork)).toEqual([
    'Flush of 1 MiB',
    'Compaction into level 2: 5 files of 8 MiB became 4 files of 7 MiB',
    'Compaction into level 1: 1 file became 1 KiB',
    'Writers had to wait: too many files in level 0',
  ])
})

test('a stall that lasts counts until now', () => {
  expect(sumWork(selectBackgroundWork(events, 'orders', 0, 1000), 1900)).toEqual({
    flushes: 1,
    flushedBytes: 1_048_576,
    compactions: 2,
    inputBytes: 8_388_608,
    outputBytes: 7_341_056,
    stalls: 1,
    stallSeconds: 1,
  })
})
