import { setTimeout as sleep } from 'node:timers/promises'
import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, onTestFinished, test } from 'vitest'
import { EventLoop } from './event-loop.ts'

/** A loop on a clock that is set by hand. */
function byHand() {
  const clock = { timeMs: 0, iteration: 0, now: () => clock.timeMs, iterations: () => clock.iteration }
  const registry = new MetricsRegistry()
  const loop = new EventLoop(registry, clock)
  // Its own timer has no iteration: what is tested by hand is over before the loop goes on.
  loop.start()
  onTestFinished(() => loop.close())
  const tickAt = (timeMs: number): void => {
    clock.timeMs = timeMs
    clock.iteration++
    loop.tick()
  }
  return { clock, registry, loop, tickAt }
}

test('a late tick is a stretch in which the loop did not iterate', () => {
  const { loop, tickAt } = byHand()
  for (const timeMs of [20, 40, 1060, 1080]) tickAt(timeMs)
  expect(loop.blockedSeconds(0, 1080)).toBe(1)
  expect(loop.blockedSeconds(560, 1080)).toBe(0.5)
  expect(loop.blockedSeconds(1060, 1080)).toBe(0)
  expect(loop.longestBlockSeconds(1000)).toBe(1)
  expect(loop.longestBlockSeconds(1060)).toBe(0)
})

test('a stretch that the timer has not ended yet is seen by whoever is called before it', () => {
  const { clock, loop, tickAt } = byHand()
  tickAt(20)
  clock.timeMs = 540
  expect(loop.blockedSeconds(0, 540)).toBe(0.5)
  expect(loop.longestBlockSeconds(539)).toBe(0.5)
  expect(loop.delaySeconds()).toBe(0.5)
  expect([loop.hasIteratedSince(10), loop.hasIteratedSince(30)]).toEqual([true, false])
})

test('what comes in the iteration after a stretch may have lain ready, what comes an iteration later has not', () => {
  const { clock, loop, tickAt } = byHand()
  for (const timeMs of [20, 1040]) tickAt(timeMs)
  clock.iteration++
  expect(loop.deliveryDelaySeconds(0)).toBe(1)
  expect(loop.deliveryDelaySeconds(540)).toBe(0.5)
  expect(loop.deliveryDelaySeconds(0, 20)).toBe(1.02)
  clock.iteration++
  expect(loop.deliveryDelaySeconds(0)).toBe(0)
})

test('of a loop that is always late only the last iteration can have delayed an answer', () => {
  const { clock, loop, tickAt } = byHand()
  for (let timeMs = 100; timeMs <= 2000; timeMs += 100) tickAt(timeMs)
  clock.iteration++
  expect(loop.blockedSeconds(0, 2000)).toBeCloseTo(1.6, 9)
  expect(loop.deliveryDelaySeconds(0)).toBeCloseTo(0.08, 9)
})

test("a few milliseconds are the timer's own inaccuracy: measured, and no stretch", () => {
  const { registry, loop, tickAt } = byHand()
  for (const timeMs of [20, 45]) tickAt(timeMs)
  expect(loop.blockedSeconds(0, 45)).toBe(0)
  expect(loop.delaySeconds()).toBe(0.005)
  const delay = registry.histogram('wombat_process_event_loop_delay_seconds').snapshot()
  expect([delay.count, delay.sum]).toEqual([2, 0.005])
})

test('a real loop that is blocked shows how long, and how busy it was', async () => {
  const registry = new MetricsRegistry()
  const loop = new EventLoop(registry)
  loop.start()
  onTestFinished(() => loop.close())
  await sleep(50)
  const fromMs = performance.now()
  while (performance.now() < fromMs + 300);
  expect(loop.blockedSeconds(fromMs, performance.now())).toBeGreaterThan(0.2)
  await sleep(30)
  expect(loop.longestBlockSeconds(fromMs)).toBeGreaterThan(0.2)
  expect(loop.hasIteratedSince(fromMs)).toBe(true)
  await registry.collectors.collect()
  expect(registry.counter('wombat_process_event_loop_active_seconds_total').value).toBeGreaterThan(0.2)
  expect(registry.histogram('wombat_process_event_loop_delay_seconds').snapshot().max).toBeGreaterThan(0.2)
})

test('what is not watched is not late', () => {
  const { clock, loop, tickAt } = byHand()
  for (const timeMs of [20, 1040]) tickAt(timeMs)
  loop.close()
  clock.timeMs = 60_000
  expect(loop.longestBlockSeconds(2000)).toBe(0)
  expect(loop.blockedSeconds(0, 60_000)).toBe(1)
  expect(loop.deliveryDelaySeconds(2000)).toBe(0)
})

test('closed, it measures nothing more', async () => {
  const registry = new MetricsRegistry()
  const loop = new EventLoop(registry)
  const times: number[] = []
  loop.start((nowMs) => times.push(nowMs))
  await sleep(70)
  loop.close()
  const { length } = times
  expect(length).toBeGreaterThan(0)
  await sleep(70)
  expect(times).toHaveLength(length)
})
