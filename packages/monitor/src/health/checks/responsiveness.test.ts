import { expect, test } from 'vitest'
import { defaultHealthBounds as bounds } from '../bounds.ts'
import { evaluateResponsiveness } from './responsiveness.ts'

const evaluate = (loopSeconds: number, poolSeconds: number) =>
  evaluateResponsiveness(
    {
      loopSeconds,
      poolSeconds,
      poolSize: 4,
      periodSeconds: 30,
      loopBlockedSeconds: loopSeconds,
      poolBlockedSeconds: poolSeconds,
    },
    bounds,
  )

test.each([
  [0.2, 1, 'healthy', 'The process is responsive', undefined],
  [1.04, 0, 'degraded', 'The event loop was blocked for 1.0 s', 'event_loop'],
  [5.01, 0, 'unhealthy', 'The event loop was blocked for 5.0 s', 'event_loop'],
  [0, 1.5, 'degraded', 'All 4 threads of the pool were busy for 1.5 s', 'thread_pool'],
  [2, 5.2, 'unhealthy', 'All 4 threads of the pool were busy for 5.2 s', 'thread_pool'],
  [2, 3, 'degraded', 'The event loop was blocked for 2.0 s', 'event_loop'],
] as const)('a loop blocked for %d s and a pool for %d s: %s', (loop, pool, status, message, reason) => {
  const finding = evaluate(loop, pool)
  expect(finding).toMatchObject({ status, message })
  expect(finding.reason).toBe(reason)
})

test.each([
  [0.3, 5, 0, 30, 'healthy', 'The process is responsive', undefined],
  [0.3, 15, 0, 30, 'degraded', 'The event loop was blocked for 50 % of the last 30 s', 'event_loop'],
  [0.9, 29, 0, 30, 'unhealthy', 'The event loop was blocked for 97 % of the last 30 s', 'event_loop'],
  [0, 0, 12, 30, 'degraded', 'All 4 threads of the pool were busy for 40 % of the last 30 s', 'thread_pool'],
  [0.9, 0.9, 0, 1, 'healthy', 'The process is responsive', undefined],
] as const)(
  'longest block %d s, %d s of the loop and %d s of the pool in %d s: %s',
  (longest, loop, pool, period, status, message, reason) => {
    const blocked = { loopSeconds: longest, poolSeconds: 0, poolSize: 4, periodSeconds: period }
    const finding = evaluateResponsiveness({ ...blocked, loopBlockedSeconds: loop, poolBlockedSeconds: pool }, bounds)
    expect(finding).toMatchObject({ status, message })
    expect(finding.reason).toBe(reason)
  },
)
