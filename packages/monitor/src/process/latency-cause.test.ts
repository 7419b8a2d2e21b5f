import { expect, test } from 'vitest'
import { findLatencyCause } from './latency-cause.ts'
import type { ProcessState } from './process-state.ts'

function process(loopSeconds: number, poolSeconds: number): ProcessState {
  return {
    loopBlockedSeconds: () => loopSeconds,
    longestLoopBlockSeconds: () => loopSeconds,
    poolWaitSeconds: () => poolSeconds,
    longestPoolWaitSeconds: () => poolSeconds,
    poolSize: 4,
    watch: () => () => {},
  }
}

test.each([
  [2, 0, 0, 'event_loop'],
  [1.9, 0, 0, 'store'],
  [0, 1, 3, 'thread_pool'],
  [0, 1, 4, 'store'],
  [0, 0.9, 0, 'store'],
] as const)(
  '4 s with %d s of a blocked loop, %d s of a full pool and %i operations in flight: %s',
  (loop, pool, inFlight, why) => {
    expect(findLatencyCause(process(loop, pool), { fromMs: 0, toMs: 4000, inFlight })).toBe(why)
  },
)
