import { setTimeout as sleep } from 'node:timers/promises'
import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, onTestFinished, test } from 'vitest'
import { EventLoop } from './event-loop.ts'
import { ThreadPool, threadPoolSize } from './thread-pool.ts'

const nobody = { depth: 0, oldestSeconds: 0 }

/** A pool whose work comes back when the test says so, on a clock that is set by hand. */
function byHand() {
  const clock = { timeMs: 0, iteration: 0, now: () => clock.timeMs, iterations: () => clock.iteration }
  const registry = new MetricsRegistry()
  const loop = new EventLoop(registry, clock)
  loop.start()
  onTestFinished(() => loop.close())
  const sent: Array<() => void> = []
  const pool = new ThreadPool(registry, loop, clock.now, (done) => sent.push(done), 4)
  /** Lets the loop iterate every 20 ms, until then. */
  const turnTo = (timeMs: number, waiting = nobody): void => {
    while (clock.timeMs < timeMs) {
      clock.timeMs += 20
      clock.iteration++
      pool.probe(loop.tick(), waiting)
    }
  }
  return { clock, registry, loop, sent, pool, turnTo }
}

test('work is sent once a second while nobody waits, at each tick while somebody does, and never two at a time', () => {
  const { sent, turnTo } = byHand()
  turnTo(20)
  expect(sent).toHaveLength(1)
  turnTo(5000, { depth: 1, oldestSeconds: 5 })
  expect(sent).toHaveLength(1)
  sent[0]?.()
  turnTo(5020)
  expect(sent).toHaveLength(2)
  sent[1]?.()
  turnTo(6000)
  expect(sent).toHaveLength(2)
  turnTo(6040, { depth: 1, oldestSeconds: 0.03 })
  expect(sent).toHaveLength(3)
})

test('a wait is known while it lasts and afterwards, and is put down to others where the stores could not fill the pool', () => {
  const { registry, sent, pool, turnTo } = byHand()
  turnTo(20, { depth: 3, oldestSeconds: 0.05 })
  turnTo(520, { depth: 9, oldestSeconds: 0.5 })
  expect(pool.longestWaitSeconds(519)).toBe(0.5)
  expect(pool.waitSeconds(0, 520)).toBe(0.5)
  expect(pool.externalWaitSeconds(270, 520)).toBe(0.25)
  sent[0]?.()
  turnTo(1000)
  expect(pool.waitSeconds(0, 1000)).toBe(0.5)
  expect(pool.longestWaitSeconds(600)).toBe(0)
  expect(registry.histogram('wombat_process_thread_pool_wait_seconds').snapshot().sum).toBe(0.5)
  turnTo(1020, { depth: 4, oldestSeconds: 0.05 })
  turnTo(2020, { depth: 4, oldestSeconds: 1 })
  expect([pool.waitSeconds(1000, 2020), pool.externalWaitSeconds(1000, 2020)]).toEqual([1, 0])
})

test('what the loop came late for the work is no wait', () => {
  const { clock, registry, sent, pool, turnTo } = byHand()
  turnTo(20)
  clock.timeMs = 1020
  clock.iteration++
  expect(pool.waitSeconds(0, 1020)).toBe(0)
  sent[0]?.()
  const wait = registry.histogram('wombat_process_thread_pool_wait_seconds').snapshot()
  expect([wait.count, wait.sum]).toEqual([1, 0])
})

test('work that cannot be sent is none, and is tried again', () => {
  const registry = new MetricsRegistry()
  let tried = 0
  const failing = () => {
    tried++
    throw new Error('no')
  }
  const pool = new ThreadPool(registry, new EventLoop(registry), () => 0, failing, 4)
  pool.probe(0, nobody)
  pool.probe(1000, nobody)
  expect([tried, pool.waitSeconds(0, 1000)]).toEqual([2, 0])
})

test('a real piece of work comes back from a real pool', async () => {
  const registry = new MetricsRegistry()
  const pool = new ThreadPool(registry, new EventLoop(registry))
  pool.probe(performance.now(), nobody)
  const wait = registry.histogram('wombat_process_thread_pool_wait_seconds')
  await expect.poll(() => wait.snapshot().count).toBe(1)
  await sleep(1)
  expect(wait.snapshot().count).toBe(1)
})

test.each([
  [undefined, 4],
  ['16', 16],
  ['0', 1],
  ['many', 1],
  ['-1', 1024],
  ['5000', 1024],
])('UV_THREADPOOL_SIZE %j makes %i threads, as in libuv', (text, size) => {
  expect(threadPoolSize(text)).toBe(size)
})
