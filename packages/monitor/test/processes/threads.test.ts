import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { RunningService } from './running-service.ts'

const sets = /^db_set_operations_total\{store="orders"\} /
/** A thread that is terminated may not have sent what it recorded in this time. */
const settleMs = 1500

async function waitForSum(service: RunningService, sum: number): Promise<void> {
  await vi.waitFor(async () => expect(await service.values(sets)).toEqual([sum]), { timeout: 15_000, interval: 100 })
}

test.each(['instrument', 'code'] as const)('the main thread serves the stores of its threads (%s)', async (way) => {
  const service = await RunningService.start('thread-app.mjs')
  await service.startWorkers(['a', 'b', 'c', 'd'], { way })
  for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) await service.put(name, 10 ** index)
  await waitForSum(service, 1111)
  expect(await service.values(/^wombat_monitor_workers\{kind="thread",state="current"\} /)).toEqual([5])
})

test.each(['kill', 'close', 'exit'] as const)('after a thread has ended by %s, its counters stay in the sum', async (how) => {
  const service = await RunningService.start('thread-app.mjs')
  await service.startWorkers(['a', 'b'], { way: 'instrument' })
  let sum = 0
  for (const name of ['a', 'b', 'a']) {
    await service.put('a', 100)
    await service.put('b', 1000)
    sum += 1100
    if (how === 'kill') await sleep(settleMs)
    await service.endWorker(name, how)
    await waitForSum(service, sum)
    await service.startWorkers([name], { way: 'instrument' })
    await waitForSum(service, sum)
  }
})
