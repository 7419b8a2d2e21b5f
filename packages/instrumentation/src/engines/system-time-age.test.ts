import { expect, test } from 'vitest'
import { SystemTimeAge } from './system-time-age.ts'

const hour = 3_600_000
const start = 1_800_000_000_000

test('without a step of the clock, the age is the time since', () => {
  const age = new SystemTimeAge()
  age.observe(1000, start)
  expect(age.seconds(start + 5000, 66_000, start + 65_000)).toBe(60)
  expect(age.seconds(start + 65_000, 66_000, start + 65_000)).toBe(0)
})

test('what was made before the first call has its whole age', () => {
  expect(new SystemTimeAge().seconds(start - 30_000, 1000, start)).toBe(30)
})

test.each([
  ['forward', hour],
  ['back', -hour],
  ['a year forward', 8760 * hour],
])('after a step of the clock (%s), the age goes on as before', (_what, stepMs) => {
  const age = new SystemTimeAge()
  age.observe(1000, start)
  const madeMs = start + 10_000
  expect(age.seconds(madeMs, 21_000, start + 20_000)).toBe(10)
  expect(age.seconds(madeMs, 31_000, start + 30_000 + stepMs)).toBe(20)
  expect(age.seconds(madeMs, 41_000, start + 40_000 + stepMs)).toBe(30)
  const later = start + 45_000 + stepMs
  expect(age.seconds(later, 51_000, start + 50_000 + stepMs), 'one that was made after the step').toBe(5)
})

test('slow adjustments of the clock are no steps, and an age is never negative', () => {
  const age = new SystemTimeAge()
  for (let second = 0; second < 100; second++) age.observe(second * 1000, start + second * 1000 + second)
  expect(age.seconds(start + 99_099, 99_000, start + 99_099)).toBe(0)
})
