import { expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

test('ten lines at once, then one a second, and the next one says how many were left out', () => {
  const limit = new TokenBucket()
  const taken = Array.from({ length: 1000 }, () => limit.take(0))
  expect(taken.filter((line) => line !== undefined)).toEqual(Array(10).fill({ leftOut: 0 }))
  expect(limit.suppressed).toBe(990)
  expect(limit.take(999)).toBeUndefined()
  expect(limit.take(1000)).toEqual({ leftOut: 991 })
  expect(limit.take(2000)).toEqual({ leftOut: 0 })
  expect(limit.suppressed).toBe(991)
})

test('after a silence there are ten again, not more', () => {
  const limit = new TokenBucket()
  for (let index = 0; index < 20; index++) limit.take(0)
  const taken = Array.from({ length: 20 }, () => limit.take(3_600_000))
  expect(taken.filter((line) => line !== undefined)).toHaveLength(10)
})
