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

/** OUTAGE_SECONDS=60 makes it a long one. */
const outageSeconds = Number(process.env['OUTAGE_SECONDS'] ?? 10)
const intervalMs = 500
/**
 * How much more memory may be in use while exports fail than before. The history of that time takes 1 to 2 MB, outage or not;
 * some 20 exports fail in 10 s, and each that was kept would hold a few hundred kB.
 */
const growthBoundBytes = 4 * 2 ** 20
/** How many lines the failing exporter may write: the first, and one a minute; the Collector needs a moment to be back. */
const mostWarnings = 1 + Math.floor((outageSeconds + 10) / 60)

/** How a Collector that passes on to this address goes away; gives back how it returns. */
const outages: Record<string, (collector: BackendProcess, port: number, onUrl: string) => Promise<() => Promise<unknown>>> = {
  'is gone': async (collector, port, onUrl) => {
    await collector.stop()
    return () => startCollector(port, onUrl)
  },
  'hangs and answers nobody': async ({ pid }) => {
    process.kill(pid, 'SIGSTOP')
    return async () => process.kill(pid, 'SIGCONT')
  },
}

/** How many of these operations a backend has counted. */
async function readTotals(victoria: VictoriaMetrics, operations: readonly string[]): Promise<Record<string, number | undefined>> {
  const totals = operations.map(async (operation) => {
    const [sample] = await victoria.query(`db_${operation}_operations_total{store="orders"}`)
    return [operation, sample?.value]
  })
  return Object.fromEntries(await Promise.all(totals))
}

/** The worst of it, for people to read. */
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
    'event loop held up': worst('longestHoldMs'),
    'memory above before': `${(growthBytes / 2 ** 20).toFixed(2)} MB`,
  })
}

describe.skipIf(!areInstalled('victoria-metrics', 'otelcol'))('a store whose Collector', () => {
  test.each(Object.keys(outages))(
    '%s works on, and its totals are whole afterwards',
    async (how) => {
      const victoria = await startVictoriaMetrics()
      const port = await freePort()
      const collector = await startCollector(port, victoria.otlpUrl)
      const store = await startStore({ otlp: { url: collectorOtlpUrl(port), compression: 'gzip', intervalMs } })
      await store.send('load')
      await sleep(3000)
      const before = await store.send('statistics')

      const comeBack = await outages[how]?.(collector, port, victoria.otlpUrl)
      const during: LoadStatistics[] = []
      for (let second = 0; second < outageSeconds; second++) {
        await sleep(1000)
        during.push(await store.send('statistics'))
      }
      await comeBack?.()
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
      const warned = store.log.filter((line) => line.startsWith('warn'))
      expect(warned.length, warned.join('\n')).toBeLessThanOrEqual(mostWarnings)
    },
    60_000 + outageSeconds * 1000,
  )
})
