import { expect, test } from 'vitest'
import { TokenBucket } from './token-bucket.ts'

test('allows ten lines at once, then one a second, and reports how many were suppressed before it', () => {
  const bucket = new TokenBucket()
  const taken = Array.from({ length: 1000 }, () => bucket.take(0))
  expect(taken.filter((line) => line !== undefined)).toEqual(Array(10).fill({ suppressed: 0 }))
  expect(bucket.suppressed).toBe(990)
  expect(bucket.take(999)).toBeUndefined()
  expect(bucket.take(1000)).toEqual({ suppressed: 991 })
  expect(bucket.take(2000)).toEqual({ suppressed: 0 })
  expect(bucket.suppressed).toBe(991)
})

test('after a pause it allows ten lines again, not more', () => {
  const bucket = new TokenBucket()
  for (let index = 0; index < 20; index++) bucket.take(0)
  const taken = Array.from({ length: 20 }, () => bucket.take(3_600_000))
  expect(taken.filter((line) => line !== undefined)).toHaveLength(10)
})
