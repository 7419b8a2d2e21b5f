import { expect, test } from 'vitest'
import { defaultHealthBounds as bounds } from '../bounds.ts'
import { evaluateResponsiveness } from './responsiveness.ts'

const evaluate = (loopSeconds: number, poolSeconds: number) =>
  evaluateResponsiveness({ loopSeconds, poolSeconds, poolSize: 4 }, bounds)

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
