import { expect, test } from 'vitest'
import { ManualClock } from './clock.ts'
import { SystemTimes } from './system-times.ts'

const startMs = 1_800_000_000_000
const hourMs = 3_600_000

function create() {
  const clock = new ManualClock(startMs)
  return { clock, times: new SystemTimes(clock) }
}

test('while the clock is not set, times are as they are, and none is later than now', () => {
  const { clock, times } = create()
  clock.advance(10_000)
  expect(times.toClockMs(startMs + 4000)).toBe(startMs + 4000)
  expect(times.toClockMs(startMs - 86_400_000)).toBe(startMs - 86_400_000)
  expect(times.toClockMs(startMs + 11_000)).toBe(startMs + 10_000)
})

test.each([
  ['forward', hourMs],
  ['back', -hourMs],
  ['far back', -400 * 86_400_000],
])('a line that was written before the clock was set %s is moved with the past, one from after it is not', (_, deltaMs) => {
  const { clock, times } = create()
  clock.advance(10_000)
  clock.step(deltaMs)
  clock.advance(5000)
  const nowMs = startMs + deltaMs + 15_000
  expect(clock.nowMs()).toBe(nowMs)
  expect(times.toClockMs(startMs + 6000)).toBe(nowMs - 9000)
  expect(times.toClockMs(nowMs - 2000)).toBe(nowMs - 2000)
})

test('several steps between two reads are undone one by one', () => {
  const { clock, times } = create()
  clock.advance(10_000)
  clock.step(hourMs)
  clock.advance(10_000)
  clock.step(-2 * hourMs)
  clock.advance(10_000)
  const nowMs = startMs - hourMs + 30_000
  expect(times.toClockMs(startMs + 5000)).toBe(nowMs - 25_000)
  expect(times.toClockMs(startMs + hourMs + 15_000)).toBe(nowMs - 15_000)
  expect(times.toClockMs(nowMs - 5000)).toBe(nowMs - 5000)
})

test('after close, steps are not followed any more', () => {
  const { clock, times } = create()
  times.close()
  clock.step(hourMs)
  expect(times.toClockMs(startMs)).toBe(startMs)
})
