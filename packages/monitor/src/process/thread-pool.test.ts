import { MetricsRegistry } from '@wombat/instrumentation'
import { expect, onTestFinished, test } from 'vitest'
import { EventLoop } from './event-loop.ts'
import { ThreadPool, threadPoolSize } from './thread-pool.ts'

const noWork = { depth: 0, oldestSeconds: 0 }

/** Creates a pool with probes that complete when the test calls them, with a manual clock. */
function createPool() {
  const clock = {
    timeMs: 0,
    iteration: 0,
    now: () => clock.timeMs,
    iterations: () => clock.iteration,
    startedMs: () => Number.NEGATIVE_INFINITY,
  }
  const registry = new MetricsRegistry()
  const loop = new EventLoop(registry, clock)
  loop.start()
  onTestFinished(() => loop.close())
  const sent: Array<() => void> = []
  const pool = new ThreadPool(registry, loop, clock.now, (done) => sent.push(done), 4)
  /** Advances the clock with one loop iteration every 20 ms. */
  const advanceTo = (timeMs: number, queued = noWork): void => {
    while (clock.timeMs < timeMs) {
      clock.timeMs += 20
      clock.iteration++
      pool.probe(loop.tick(), queued)
    }
  }
  return { clock, registry, loop, sent, pool, advanceTo }
}

test('probes are sent once a second, or at each tick while an operation waits, and one at a time', () => {
  const { sent, advanceTo } = createPool()
  advanceTo(20)
  expect(sent).toHaveLength(1)
  advanceTo(5000, { depth: 1, oldestSeconds: 5 })
  expect(sent).toHaveLength(1)
  sent[0]?.()
  advanceTo(5020)
  expect(sent).toHaveLength(2)
  sent[1]?.()
  advanceTo(6000)
  expect(sent).toHaveLength(2)
  advanceTo(6040, { depth: 1, oldestSeconds: 0.03 })
  expect(sent).toHaveLength(3)
})

test('a wait is known during and after it, and is external if the stores cannot fill the pool', () => {
  const { registry, sent, pool, advanceTo } = createPool()
  advanceTo(20, { depth: 3, oldestSeconds: 0.05 })
  advanceTo(520, { depth: 9, oldestSeconds: 0.5 })
  expect(pool.longestWaitSeconds(519)).toBe(0.5)
  expect(pool.waitSeconds(0, 520)).toBe(0.5)
  expect(pool.externalWaitSeconds(270, 520)).toBe(0.25)
  sent[0]?.()
  advanceTo(1000)
  expect(pool.waitSeconds(0, 1000)).toBe(0.5)
  expect(pool.longestWaitSeconds(600)).toBe(0)
  expect(registry.histogram('wombat_process_thread_pool_wait_seconds').snapshot().sum).toBe(0.5)
  advanceTo(1020, { depth: 4, oldestSeconds: 0.05 })
  advanceTo(2020, { depth: 4, oldestSeconds: 1 })
  expect([pool.waitSeconds(1000, 2020), pool.externalWaitSeconds(1000, 2020)]).toEqual([1, 0])
})

test('the delay of the event loop is not part of the wait', () => {
  const { clock, registry, sent, pool, advanceTo } = createPool()
  advanceTo(20)
  clock.timeMs = 1020
  clock.iteration++
  expect(pool.waitSeconds(0, 1020)).toBe(0)
  sent[0]?.()
  const wait = registry.histogram('wombat_process_thread_pool_wait_seconds').snapshot()
  expect([wait.count, wait.sum]).toEqual([1, 0])
})

test('a probe that cannot be sent is retried', () => {
  const registry = new MetricsRegistry()
  let attempts = 0
  const failing = () => {
    attempts++
    throw new Error('no')
  }
  const pool = new ThreadPool(registry, new EventLoop(registry), () => 0, failing, 4)
  pool.probe(0, noWork)
  pool.probe(1000, noWork)
  expect([attempts, pool.waitSeconds(0, 1000)]).toEqual([2, 0])
})

test('a probe of the real pool completes', async () => {
  const registry = new MetricsRegistry()
  const pool = new ThreadPool(registry, new EventLoop(registry))
  pool.probe(performance.now(), noWork)
  const wait = registry.histogram('wombat_process_thread_pool_wait_seconds')
  await expect.poll(() => wait.snapshot().count).toBe(1)
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
