// Opens, uses and closes stores under so many names, and prints the memory after a third of them and at the end as JSON: node --expose-gc
// store-churn.ts <names>.
import { setTimeout as sleep } from 'node:timers/promises'
import { startMonitoring } from '@wombat/monitor'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { MemoryLevel } from 'memory-level'

const names = Number(process.argv[2])
const monitoring = await startMonitoring({
  jsonApiEnabled: false,
  logger: collectingLogger(),
  metricsIntervalMs: 1000,
  historyIntervalMs: 500,
  historyMemoryBytes: 2 ** 23,
})
const { registry } = monitoring

async function use(from: number, to: number): Promise<void> {
  for (let index = from; index < to; index++) {
    const store = monitoring.instrument(new MemoryLevel(), { name: `store ${index}` })
    await store.put('key', 'value')
    await store.close()
    // What was dropped is released between two turns.
    if (index % 20 === 19) await sleep(1)
  }
}

/** Measures when the memory shrinks no more: what is collected has finalizers, and the history a sample in progress. */
async function measure() {
  let before = Number.POSITIVE_INFINITY
  for (let round = 0; round < 30; round++) {
    await sleep(500)
    globalThis.gc?.()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    const bytes = heapUsed + arrayBuffers
    if (round >= 3 && bytes > 0.98 * before) break
    before = bytes
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return { heapUsed, arrayBuffers, metrics: registry.getAllMetrics().length }
}

const third = Math.floor(names / 3)
await use(0, third)
const early = await measure()
await use(third, names)
const late = await measure()
const forgotten = registry.counter('wombat_monitor_forgotten_stores_total', { reason: 'limit' }).value
process.stdout.write(JSON.stringify({ early, late, forgotten }))
await monitoring.close()
