import { setTimeout as sleep } from 'node:timers/promises'
import type { BackendProcess } from '@wombat/test-support/backend-process'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { collectorOtlpUrl, startCollector } from '@wombat/test-support/collector'
import { freePort } from '@wombat/test-support/free-port'
import { scrape } from '@wombat/test-support/scrape'
import type { LoadStatistics } from '@wombat/test-support/store-process'
import { startStore } from '@wombat/test-support/store-under-load'
import { startVictoriaMetrics, type VictoriaMetrics } from '@wombat/test-support/victoria-metrics'
import { describe, expect, test } from 'vitest'

/** The length of the outage. OUTAGE_SECONDS changes it. */
const outageSeconds = Number(process.env['OUTAGE_SECONDS'] ?? 10)
const intervalMs = 500
/**
 * Bound of the memory growth while exports fail. The history grows by 1 to 2 MB in that time, with or without an outage. In
 * 10 s, about 20 exports fail, and each one that was kept would hold a few hundred kB.
 */
const growthBoundBytes = 4 * 2 ** 20
/** Bound of the warnings of the failing exporter: the first, and one per minute. The Collector needs up to 10 s to restart. */
const mostWarnings = 1 + Math.floor((outageSeconds + 10) / 60)

/** Ways in which a Collector fails. Each returns the function that restores it. */
const outages: Record<string, (collector: BackendProcess, port: number, onUrl: string) => Promise<() => Promise<unknown>>> = {
  'is stopped': async (collector, port, onUrl) => {
    await collector.stop()
    return () => startCollector(port, onUrl)
  },
  hangs: async ({ pid }) => {
    process.kill(pid, 'SIGSTOP')
    return async () => process.kill(pid, 'SIGCONT')
  },
}

/** Returns the totals of these operations in a backend. */
async function readTotals(victoria: VictoriaMetrics, operations: readonly string[]): Promise<Record<string, number | undefined>> {
  const totals = operations.map(async (operation) => {
    const [sample] = await victoria.query(`db_${operation}_operations_total{store="orders"}`)
    return [operation, sample?.value]
  })
  return Object.fromEntries(await Promise.all(totals))
}

/** Prints the worst values of the outage. */
function report(
  how: string,
  before: LoadStatistics,
  during: readonly LoadStatistics[],
  perSecond: readonly number[],
  growthBytes: number,
): void {
  const worst = (what: 'longestMs' | 'longestHoldMs') =>
    `${Math.max(...during.map((statistics) => statistics[what])).toFixed(1)} ms (before ${before[what].toFixed(1)} ms)`
  console.log(`${outageSeconds} s with a Collector that ${how}:`, {
    'operations a second': `${Math.min(...perSecond)} to ${Math.max(...perSecond)}`,
    'longest operation': worst('longestMs'),
    'event loop delay': worst('longestHoldMs'),
    'memory growth': `${(growthBytes / 2 ** 20).toFixed(2)} MB`,
  })
}

describe.skipIf(!areInstalled('victoria-metrics', 'otelcol'))('a store whose Collector', () => {
  test.each(Object.keys(outages))(
    '%s keeps working, and its totals are complete afterwards',
    async (how) => {
      const victoria = await startVictoriaMetrics()
      const port = await freePort()
      const collector = await startCollector(port, victoria.otlpUrl)
      const store = await startStore({ otlp: { url: collectorOtlpUrl(port), compression: 'gzip', intervalMs } })
      await store.send('load')
      await sleep(3000)
      const before = await store.send('statistics')

      const restore = await outages[how]?.(collector, port, victoria.otlpUrl)
      const during: LoadStatistics[] = []
      for (let second = 0; second < outageSeconds; second++) {
        await sleep(1000)
        during.push(await store.send('statistics'))
      }
      await restore?.()
      await sleep(2000)
      const after = await store.send('stop')

      const perSecond = during.map(({ settled }, second) => settled - (during[second - 1] ?? before).settled)
      const growthBytes = Math.max(...during.map(({ memoryBytes }) => memoryBytes)) - before.memoryBytes
      report(how, before, during, perSecond, growthBytes)
      expect(Math.min(...perSecond)).toBeGreaterThan(0)
      expect(after.settled).toBe(after.begun)
      expect(growthBytes).toBeLessThan(growthBoundBytes)
      const operations = Object.keys(after.byOperation)
      await expect
        .poll(() => readTotals(victoria, operations), { timeout: 10 * intervalMs, interval: 200 })
        .toEqual(after.byOperation)
      const failures = (await scrape(store.metricsUrl)).find(({ name }) => name === 'wombat_monitor_export_failures_total')
      expect(failures?.value).toBeGreaterThan(0)
      const warned = store.log.filter((line) => line.startsWith('warn') && !line.includes('slow operation'))
      expect(warned.length, warned.join('\n')).toBeLessThanOrEqual(mostWarnings)
    },
    60_000 + outageSeconds * 1000,
  )
})
