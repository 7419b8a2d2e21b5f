import { expect, test } from 'vitest'
import { LongestBlocks } from './longest-blocks.ts'

test('the longest piece of work of each part is known for one to two minutes', () => {
  const blocks = new LongestBlocks<'history' | 'alerts'>()
  blocks.record('history', 0.002, 1000)
  blocks.record('history', 0.001, 2000)
  blocks.record('alerts', 0.004, 30_000)
  expect(blocks.longestSeconds('history', 40_000)).toBe(0.002)
  expect(blocks.longestSeconds('alerts', 40_000)).toBe(0.004)
  blocks.record('history', 0.003, 62_000)
  expect(blocks.longestSeconds('history', 63_000)).toBe(0.003)
  expect(blocks.longestSeconds('alerts', 63_000)).toBe(0.004)
  expect(blocks.longestSeconds('alerts', 123_000)).toBe(0)
  expect(blocks.longestSeconds('history', 123_000)).toBe(0.003)
  expect(blocks.longestSeconds('history', 400_000)).toBe(0)
})
