import { latencyBounds } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { bucketMatcher } from './latency-bound.ts'

test('a bound that every route writes alike is selected by that text', () => {
  expect(bucketMatcher('db_get_latency_seconds', 0.1)).toBe('le="0.1"')
  expect(bucketMatcher('db_get_latency_seconds', 2.5)).toBe('le="2.5"')
})

test('a bound that routes write differently is selected in each of its spellings', () => {
  expect(bucketMatcher('db_get_latency_seconds', 1)).toBe('le=~"1|1\\\\.0"')
  expect(bucketMatcher('db_get_latency_seconds', 0.00001)).toBe('le=~"0\\\\.00001|1e-05"')
  expect(bucketMatcher('db_get_latency_seconds', 0.0000025)).toBe('le=~"0\\\\.0000025|2\\\\.5e-06"')
})

test('no bound is selected by the text of another', () => {
  const spelledBy = new Map<string, number>()
  for (const bound of latencyBounds) {
    for (const text of bucketMatcher('db_set_latency_seconds', bound).split('"')[1]?.split('|') ?? []) {
      expect(Number(text.replaceAll('\\', ''))).toBeCloseTo(bound, 12)
      expect(spelledBy.get(text)).toBeUndefined()
      spelledBy.set(text, bound)
    }
  }
})

test('a time within a bucket is refused, and the bounds are named', () => {
  expect(() => bucketMatcher('db_get_latency_seconds', 0.2)).toThrow(/no bucket that ends at 0\.2: .* 0\.1, 0\.25, 0\.5/)
})
