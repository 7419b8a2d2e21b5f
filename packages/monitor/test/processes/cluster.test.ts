import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { RunningService } from './running-service.ts'

const sets = /^db_set_operations_total\{store="orders"\} /
/** A process that is killed may not have sent what it recorded in this time. */
const settleMs = 1500

/** Waits until the page has this one value, and returns all values that it had until then. */
async function waitForSum(service: RunningService, sum: number): Promise<void> {
  await vi.waitFor(async () => expect(await service.values(sets)).toEqual([sum]), { timeout: 15_000, interval: 100 })
}

test('the workers of a cluster have one page with their sums', async () => {
  const service = await RunningService.start('cluster-app.mjs')
  await service.startWorkers(['a', 'b', 'c', 'd'])
  await Promise.all([service.put('a', 10), service.put('b', 200), service.put('c', 3000), service.put('d', 40_000)])
  for (let scrape = 0; scrape < 6; scrape++) expect(await service.values(sets)).toEqual([43_210])
  const [count] = await service.values(/^db_set_latency_seconds_count\{store="orders"\} /)
  expect(count).toBe(43_210)
  expect(await service.values(/^wombat_monitor_workers\{kind="process",state="current"\} /)).toEqual([4])
})

test.each(['kill', 'close', 'exit'] as const)('after a worker has ended by %s, its counters stay in the sum', async (how) => {
  const service = await RunningService.start('cluster-app.mjs')
  await service.startWorkers(['a', 'b', 'c'])
  // The first collects; then the one with the copy of its sums; then one of the others.
  let sum = 0
  for (const [round, name] of ['a', 'b', 'c'].entries()) {
    for (const worker of ['a', 'b', 'c']) await service.put(worker, 100 + round)
    sum += 3 * (100 + round)
    if (how === 'kill') await sleep(settleMs)
    await service.endWorker(name, how)
    await waitForSum(service, sum)
    await service.startWorkers([name])
    await waitForSum(service, sum)
  }
  const [current] = await service.values(/^wombat_monitor_workers\{kind="process",state="current"\} /)
  expect(current).toBe(3)
})

test('a monitored primary collects', async () => {
  const service = await RunningService.start('cluster-app.mjs', { TEST_PRIMARY: 'monitored' })
  await service.startWorkers(['a', 'b'])
  await service.put('a', 5)
  await service.put('b', 6)
  await waitForSum(service, 11)
  for (const name of ['a', 'b']) {
    await service.put(name, 100)
    await service.endWorker(name, 'exit')
    await service.startWorkers([name])
  }
  await waitForSum(service, 211)
})
