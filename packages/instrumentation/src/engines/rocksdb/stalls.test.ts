import { describe, expect, test } from 'vitest'
import { initialStallState, nextStallState, parseStallCounts, type StallCounts, stallSeconds } from './stalls.ts'

const one =
  'Write Stall (count): cf-l0-file-count-limit-delays-with-ongoing-compaction: 3, cf-l0-file-count-limit-stops-with-ongoing-compaction: 1, l0-file-count-limit-delays: 4, l0-file-count-limit-stops: 2, memtable-limit-delays: 0, memtable-limit-stops: 18, pending-compaction-bytes-delays: 5, pending-compaction-bytes-stops: 6, total-delays: 9, total-stops: 26\n'

test('delays and stops are added up by cause, over all column families', () => {
  const all = parseStallCounts([one, one, 'Write Stall (count): write-buffer-manager-limit-stops: 7\n'])
  expect(all).toEqual({ memtable: 36, level0: 12, pending_compaction: 22, write_buffer: 7 })
})

test('causes that the engine does not report count 0', () => {
  expect(parseStallCounts(['', 'no such property'])).toEqual({ memtable: 0, level0: 0, pending_compaction: 0, write_buffer: 0 })
})

describe('the stall in progress', () => {
  const none = initialStallState.counts
  const counts = (some: Partial<StallCounts>): StallCounts => ({ ...none, ...some })

  test('lasts since the first read that found it, under the cause that was counted last', () => {
    let state = nextStallState(initialStallState, counts({ level0: 1 }), true, 1000)
    expect(stallSeconds(state, 1000).level0).toBe(0)
    // The count does not grow during a stall.
    state = nextStallState(state, counts({ level0: 1 }), true, 11_000)
    expect(stallSeconds(state, 11_000).level0).toBe(10)
    expect(stallSeconds(state, 11_000).memtable).toBe(0)
  })

  test('ends when the engine reports no stall, and the next one starts at 0', () => {
    let state = nextStallState(initialStallState, counts({ memtable: 2 }), true, 1000)
    state = nextStallState(state, counts({ memtable: 2 }), false, 2000)
    expect(stallSeconds(state, 2000).memtable).toBe(0)
    state = nextStallState(state, counts({ memtable: 2, pending_compaction: 1 }), true, 3000)
    state = nextStallState(state, counts({ memtable: 2, pending_compaction: 1 }), true, 5000)
    expect(stallSeconds(state, 5000).pending_compaction).toBe(2)
    expect(stallSeconds(state, 5000).memtable).toBe(0)
  })

  test('has the cause that grew most if several did', () => {
    const state = nextStallState(
      nextStallState(initialStallState, none, false, 0),
      counts({ memtable: 1, level0: 5 }),
      true,
      1000,
    )
    expect(stallSeconds(state, 4000).level0).toBe(3)
  })
})
