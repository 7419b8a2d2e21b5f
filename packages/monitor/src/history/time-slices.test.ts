import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { TimeSlices } from './time-slices.ts'

function work(milliseconds: number): void {
  for (const endMs = performance.now() + milliseconds; performance.now() < endMs; );
}

test('the time of slices is reported, and not that of pauses and waits', async () => {
  const slicesSeconds: number[] = []
  const slices = new TimeSlices({ pause: 'turn', onSlice: (seconds) => slicesSeconds.push(seconds) })
  work(5)
  expect(slices.isDue).toBe(true)
  await slices.pause()
  work(3)
  slices.end()
  slices.end()
  await sleep(50)
  slices.begin()
  slices.begin()
  expect(slices.isDue).toBe(false)
  work(4)
  slices.end()
  expect(slicesSeconds).toHaveLength(3)
  const [first = 0, second = 0, third = 0] = slicesSeconds
  expect(first).toBeGreaterThanOrEqual(0.005)
  expect(second).toBeGreaterThanOrEqual(0.003)
  expect(third).toBeGreaterThanOrEqual(0.004)
  expect(second).toBeLessThan(0.05)
})
