import { expect, test } from 'vitest'
import { IdleTime } from './idle-time.ts'

const hourMs = 3_600_000

test('is the difference to the system clock', () => {
  const idle = new IdleTime()
  expect(idle.seconds(1_000_000, 0, 1_004_000)).toBe(4)
  expect(idle.seconds(1_000_000, 2000, 1_006_000)).toBe(6)
})

test.each([-hourMs, hourMs])('is right when the system clock is set by %i ms', (deltaMs) => {
  const idle = new IdleTime()
  idle.seconds(1_000_000, 0, 1_000_000)
  expect(idle.seconds(1_000_000, 5000, 1_005_000 + deltaMs)).toBeGreaterThanOrEqual(5)
  // Written three seconds after the last read, by the new setting.
  expect(idle.seconds(1_008_000 + deltaMs, 10_000, 1_010_000 + deltaMs)).toBe(2)
  // Written by the old setting, read by the new one.
  expect(idle.seconds(1_013_000 + deltaMs, 15_000, 1_015_000 - deltaMs)).toBeLessThanOrEqual(5)
  expect(idle.seconds(1_013_000 + deltaMs, 15_000, 1_015_000 - deltaMs)).toBeGreaterThanOrEqual(0)
})
