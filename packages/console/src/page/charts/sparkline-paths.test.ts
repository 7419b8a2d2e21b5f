import { expect, test } from 'vitest'
import { toPaths } from './sparkline-paths.ts'

test('the greatest value is at the top and 0 at the bottom', () => {
  expect(toPaths([0, 10], 10).line).toBe('M0 23L100 1')
})

test('the area ends at a gap, and begins again after it', () => {
  const { line, area } = toPaths([10, 10, null, 10, 10], 10)
  expect(line).toBe('M0 1L25 1M75 1L100 1')
  expect(area).toBe('M0 1L25 1L25 24L0 24ZM75 1L100 1L100 24L75 24Z')
})

test('values that are all 0 are a line at the bottom', () => {
  expect(toPaths([0, 0], 0).line).toBe('M0 23L100 23')
})
