import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { holdThreadPool } from '../../test/health/hold-thread-pool.ts'
import { ProcessMonitor } from './process-monitor.ts'

function started() {
  const registry = new MetricsRegistry()
  const monitor = new ProcessMonitor(registry)
  monitor.start()
  onTestFinished(() => monitor.close())
  const isResting = () => registry.observer.onNextOperation !== undefined
  return { registry, monitor, isResting }
}

test('it rests when no operation has been in flight for a second, and wakes with the next one', async () => {
  const { registry, isResting } = started()
  const db = instrument(new MemoryLevel(), { name: 'orders', registry })
  expect(isResting()).toBe(false)
  await expect.poll(isResting, { timeout: 15_000 }).toBe(true)
  await db.put('a', '1')
  expect(isResting()).toBe(false)
  await expect.poll(isResting, { timeout: 15_000 }).toBe(true)
})

test('it does not rest while an operation is in flight', async () => {
  const { registry, isResting } = started()
  let release = (): void => {}
  const slow = { _get: () => new Promise((resolve) => (release = () => resolve(undefined))) }
  const db = instrument(Object.assign(new MemoryLevel(), slow), { name: 'orders', registry })
  await db.open()
  const reading = db.get('a')
  await expect.poll(() => registry.observer.inFlight().depth).toBe(1)
  await new Promise((resolve) => setTimeout(resolve, 1500))
  expect(isResting()).toBe(false)
  release()
  await reading
  await expect.poll(isResting, { timeout: 15_000 }).toBe(true)
})

test('it wakes for other work that waits, and measures the thread pool as closely as for an operation', async () => {
  const { monitor, isResting } = started()
  await expect.poll(isResting, { timeout: 15_000 }).toBe(true)
  const end = monitor.watch()
  expect(isResting()).toBe(false)
  const fromMs = performance.now()
  await holdThreadPool(await temporaryFolder(), monitor.poolSize, 300)
  expect(monitor.poolWaitSeconds(fromMs, performance.now())).toBeGreaterThan(0.15)
  end()
  await expect.poll(isResting, { timeout: 15_000 }).toBe(true)
})

test('closed, it waits for no operation', async () => {
  const { monitor, isResting } = started()
  await expect.poll(isResting, { timeout: 15_000 }).toBe(true)
  monitor.close()
  expect(isResting()).toBe(false)
})
