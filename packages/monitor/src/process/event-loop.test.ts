import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, onTestFinished, test, vi } from 'vitest'
import { EventLoop } from './event-loop.ts'

/** Creates an event loop monitor with a manual clock. */
function createLoop() {
  const clock = {
    timeMs: 0,
    iteration: 0,
    appStartedMs: Number.NEGATIVE_INFINITY,
    now: () => clock.timeMs,
    iterations: () => clock.iteration,
    startedMs: () => clock.appStartedMs,
  }
  const registry = new MetricsRegistry()
  const restDelays = {
    next: [] as number[],
    take: () => {
      const all = restDelays.next.splice(0)
      const short = all.filter((delayMs) => delayMs < 10)
      return { longMs: all.filter((delayMs) => delayMs >= 10), shortCount: short.length, shortMeanMs: short[0] ?? 0 }
    },
    start: () => {},
    stop: () => {},
  }
  const reported: number[] = []
  const loop = new EventLoop(registry, clock, ({ fromMs, toMs }) => reported.push(toMs - fromMs), restDelays)
  // Its timer never fires: each of these tests is synchronous.
  loop.start()
  onTestFinished(() => loop.close())
  const tickAt = (timeMs: number): void => {
    clock.timeMs = timeMs
    clock.iteration++
    loop.tick()
  }
  return { clock, registry, loop, restDelays, reported, tickAt }
}

test('a late tick is recorded as a block', () => {
  const { loop, tickAt } = createLoop()
  for (const timeMs of [20, 40, 1060, 1080]) tickAt(timeMs)
  expect(loop.blockedSeconds(0, 1080)).toBe(1)
  expect(loop.blockedSeconds(560, 1080)).toBe(0.5)
  expect(loop.blockedSeconds(1060, 1080)).toBe(0)
  expect(loop.longestBlockSeconds(1000)).toBe(1)
  expect(loop.longestBlockSeconds(1060)).toBe(0)
})

test('code that runs before the late tick already sees the block', () => {
  const { clock, loop, tickAt } = createLoop()
  tickAt(20)
  clock.timeMs = 540
  expect(loop.blockedSeconds(0, 540)).toBe(0.5)
  expect(loop.longestBlockSeconds(539)).toBe(0.5)
  expect(loop.delaySeconds()).toBe(0.5)
  expect([loop.hasIteratedSince(10), loop.hasIteratedSince(30)]).toEqual([true, false])
})

test('a block may have delayed results of the next iteration, but not of later ones', () => {
  const { clock, loop, tickAt } = createLoop()
  for (const timeMs of [20, 1040]) tickAt(timeMs)
  clock.iteration++
  expect(loop.deliveryDelaySeconds(0)).toBe(1)
  expect(loop.deliveryDelaySeconds(540)).toBe(0.5)
  expect(loop.deliveryDelaySeconds(0, 20)).toBe(1.02)
  clock.iteration++
  expect(loop.deliveryDelaySeconds(0)).toBe(0)
})

test('if the loop is always late, only the last block can have delayed a result', () => {
  const { clock, loop, tickAt } = createLoop()
  for (let timeMs = 100; timeMs <= 2000; timeMs += 100) tickAt(timeMs)
  clock.iteration++
  expect(loop.blockedSeconds(0, 2000)).toBeCloseTo(1.6, 9)
  expect(loop.deliveryDelaySeconds(0)).toBeCloseTo(0.08, 9)
})

test('a delay of a few milliseconds is measured, but is not a block', () => {
  const { registry, loop, tickAt } = createLoop()
  for (const timeMs of [20, 45]) tickAt(timeMs)
  expect(loop.blockedSeconds(0, 45)).toBe(0)
  expect(loop.delaySeconds()).toBe(0.005)
  const delay = registry.histogram('wombat_process_event_loop_delay_seconds').snapshot()
  expect([delay.count, delay.sum]).toEqual([2, 0.005])
})

test('a blocked event loop shows the duration of the block and the active time', async () => {
  const registry = new MetricsRegistry()
  const loop = new EventLoop(registry)
  loop.start()
  onTestFinished(() => loop.close())
  const startMs = performance.now()
  await expect.poll(() => loop.hasIteratedSince(startMs)).toBe(true)
  const fromMs = performance.now()
  while (performance.now() < fromMs + 300);
  expect(loop.blockedSeconds(fromMs, performance.now())).toBeGreaterThan(0.2)
  await expect.poll(() => loop.hasIteratedSince(fromMs)).toBe(true)
  expect(loop.longestBlockSeconds(fromMs)).toBeGreaterThan(0.2)
  await registry.collectors.collect()
  expect(registry.counter('wombat_process_event_loop_active_seconds_total').value).toBeGreaterThan(0.2)
  expect(registry.histogram('wombat_process_event_loop_delay_seconds').snapshot().max).toBeGreaterThan(0.2)
})

test('the start of the application is no block, but delays results; a block right after it is one', () => {
  const { clock, registry, loop, tickAt } = createLoop()
  clock.appStartedMs = Number.POSITIVE_INFINITY
  tickAt(20)
  clock.timeMs = 1340
  expect([loop.longestBlockSeconds(0), loop.delaySeconds(), loop.deliveryDelaySeconds(0)]).toEqual([0, 0, 1.3])
  clock.appStartedMs = 1340
  tickAt(1840)
  expect([loop.longestBlockSeconds(0), loop.blockedSeconds(0, 1840), loop.delaySeconds()]).toEqual([0.5, 0.5, 0.5])
  expect(loop.deliveryDelaySeconds(0)).toBe(1.8)
  const delay = registry.histogram('wombat_process_event_loop_delay_seconds').snapshot()
  expect([delay.count, delay.max]).toEqual([1, 0.5])
})

test('a closed monitor records no blocks', () => {
  const { clock, loop, tickAt } = createLoop()
  for (const timeMs of [20, 1040]) tickAt(timeMs)
  loop.close()
  clock.timeMs = 60_000
  expect(loop.longestBlockSeconds(2000)).toBe(0)
  expect(loop.blockedSeconds(0, 60_000)).toBe(1)
  expect(loop.deliveryDelaySeconds(2000)).toBe(0)
})

test('a closed monitor has no ticks', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const loop = new EventLoop(new MetricsRegistry())
  const times: number[] = []
  loop.start((nowMs) => times.push(nowMs))
  vi.advanceTimersByTime(70)
  loop.close()
  const { length } = times
  expect(length).toBeGreaterThan(0)
  vi.advanceTimersByTime(1000)
  expect(times).toHaveLength(length)
})

test('while it rests, the blocks that Node measured are recorded at the next tick, query or waking', () => {
  const { clock, registry, loop, restDelays, reported, tickAt } = createLoop()
  tickAt(20)
  loop.rest()
  restDelays.next = [0, 3, 15, 400]
  tickAt(1020)
  expect(loop.longestBlockSeconds(0)).toBe(0.4)
  expect(loop.blockedSeconds(0, 1020)).toBeCloseTo(0.415, 9)
  expect(loop.delaySeconds()).toBe(0.4)
  restDelays.next = [200]
  clock.timeMs = 1500
  expect(loop.blockedSeconds(1200, 1500)).toBe(0.2)
  expect(loop.deliveryDelaySeconds(1400)).toBe(0.1)
  restDelays.next = [120]
  clock.timeMs = 1900
  loop.wake()
  expect(loop.isResting).toBe(false)
  expect(loop.blockedSeconds(1600, 1900)).toBeCloseTo(0.12, 9)
  expect(reported).toEqual([400, 200, 120])
  const delay = registry.histogram('wombat_process_event_loop_delay_seconds').snapshot()
  expect([delay.count, delay.max]).toEqual([7, 0.4])
})

test('waking is no block, however long it has rested', () => {
  const { clock, loop, tickAt } = createLoop()
  loop.rest()
  clock.timeMs = 900
  loop.wake()
  tickAt(920)
  clock.timeMs = 940
  expect([loop.blockedSeconds(0, 940), loop.delaySeconds(), loop.hasIteratedSince(910)]).toEqual([0, 0, true])
})

test('delays while the application starts are not recorded', () => {
  const { clock, registry, loop, restDelays, tickAt } = createLoop()
  clock.appStartedMs = Number.POSITIVE_INFINITY
  loop.rest()
  restDelays.next = [700]
  tickAt(1000)
  expect(loop.longestBlockSeconds(0)).toBe(0)
  expect(registry.histogram('wombat_process_event_loop_delay_seconds').snapshot().count).toBe(0)
})

test('while it rests, Node measures how long the event loop is blocked', async () => {
  const registry = new MetricsRegistry()
  const loop = new EventLoop(registry)
  loop.start()
  onTestFinished(() => loop.close())
  loop.rest()
  await new Promise((resolve) => setTimeout(resolve, 120))
  const fromMs = performance.now()
  while (performance.now() < fromMs + 400);
  await expect.poll(() => loop.longestBlockSeconds(fromMs)).toBeGreaterThan(0.3)
  expect(registry.histogram('wombat_process_event_loop_delay_seconds').snapshot().max).toBeGreaterThan(0.3)
})
