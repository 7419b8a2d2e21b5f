import { setTimeout as sleep } from 'node:timers/promises'
import { prometheusLabels, victoriaMetricsLabels } from '@wombat/test-support/added-labels'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { collectorOtlpUrl, startCollector } from '@wombat/test-support/collector'
import { freePort } from '@wombat/test-support/free-port'
import { fetchJsonSamples } from '@wombat/test-support/json-samples'
import { operationMetrics } from '@wombat/test-support/operation-metrics'
import { startOtlpTee } from '@wombat/test-support/otlp-tee'
import { hasOtlpReceiver, type Prometheus, startPrometheus } from '@wombat/test-support/prometheus'
import { query } from '@wombat/test-support/query'
import { differences, indexSamples, type Sample } from '@wombat/test-support/sample'
import { scrape } from '@wombat/test-support/scrape'
import { startStore } from '@wombat/test-support/store-under-load'
import { isEqualTo12Digits, startVictoriaMetrics } from '@wombat/test-support/victoria-metrics'
import { describe, expect, test } from 'vitest'

const loadMs = 2000
/** The time after the load within which all values must have arrived in every backend. */
const settleMs = 20_000

/** Selects all Wombat metrics of a backend. */
const ours = '{__name__=~"(db|wombat)_.+"}'
/** Values that change by themselves: only the names and labels of these metrics are compared. */
const volatileMetrics = [
  'wombat_monitor_history_',
  'wombat_monitor_collection_duration_seconds',
  'wombat_monitor_points',
  'wombat_monitor_busy_seconds_total',
  'wombat_monitor_exports_total',
  'wombat_monitor_history_bytes',
  'wombat_process_',
  'db_health_check_duration_seconds',
  'db_disk_available_bytes',
  'db_disk_available_inodes',
]

const withoutVolatileValues = (samples: readonly Sample[]): Sample[] =>
  samples.map((sample) => (volatileMetrics.some((name) => sample.name.startsWith(name)) ? { ...sample, value: 0 } : sample))

interface Route {
  readonly name: string
  readonly samples: () => Promise<Sample[]>
  readonly added?: readonly string[]
  readonly isSame?: (a: number, b: number) => boolean
}

/** The check of a store that could not be opened has ended. OTLP has no stale marker: backends keep its last state for minutes. */
const ended = /^added: db_health_status .*"store":"missing"/

/** Returns one line for each difference between a route and the page at `metricsUrl`. */
async function findDifferences(metricsUrl: string, routes: readonly Route[]): Promise<string[]> {
  const expected = indexSamples(withoutVolatileValues(await scrape(metricsUrl)))
  const found = routes.map(async ({ name, samples, added, isSame }) => {
    const numbers = indexSamples(withoutVolatileValues(await samples()), added)
    const found = differences(expected, numbers, isSame).filter((difference) => !ended.test(difference))
    return found.map((difference) => `${name}: ${difference}`)
  })
  return (await Promise.all(found)).flat()
}

/** Loads a store, waits until it is idle, and compares every route with `/metrics`. */
async function compareRoutes(semconv: 'wombat' | 'both', takingOtlp: readonly Prometheus[] = []): Promise<void> {
  const direct = await startVictoriaMetrics()
  const behindCollector = await startVictoriaMetrics()
  const port = await freePort()
  await startCollector(port, behindCollector.otlpUrl)
  const tee = await startOtlpTee([collectorOtlpUrl(port), ...[direct, ...takingOtlp].map(({ otlpUrl }) => otlpUrl)])
  const store = await startStore({
    semconv,
    metricsIntervalMs: 500,
    otlp: { url: tee.url, protocol: 'http/protobuf', compression: 'gzip', intervalMs: 500 },
    resource: { 'service.name': 'routes' },
  })
  const scraping = await startPrometheus(store.metricsUrl)
  const inVictoriaMetrics = { added: victoriaMetricsLabels, isSame: isEqualTo12Digits }
  const routes: readonly Route[] = [
    { name: 'the JSON API', samples: () => fetchJsonSamples(store.jsonUrl) },
    { name: 'Prometheus, scraped', samples: () => query(scraping.url, ours), added: prometheusLabels },
    { name: 'VictoriaMetrics, OTLP', samples: () => direct.query(ours), ...inVictoriaMetrics },
    { name: 'VictoriaMetrics, Collector', samples: () => behindCollector.query(ours), ...inVictoriaMetrics },
    ...takingOtlp.map(({ url }) => ({ name: 'Prometheus, OTLP', samples: () => query(url, ours), added: prometheusLabels })),
  ]

  await store.send('load')
  await sleep(loadMs)
  await store.send('stop')

  await expect.poll(() => findDifferences(store.metricsUrl, routes), { timeout: settleMs, interval: 500 }).toEqual([])
  expect([...tee.seen]).toEqual(['application/x-protobuf gzip 200'])
  const shown = await scrape(store.metricsUrl)
  const names = new Set(shown.map(({ name }) => name))
  expect(operationMetrics.filter((name) => !names.has(name))).toEqual([])
  expect(names.has('db_client_operation_duration_seconds_bucket')).toBe(semconv === 'both')
  expect(shown.find(({ name }) => name === 'db_scan_errors_total')?.value).toBeGreaterThan(0)
}

describe.skipIf(!areInstalled('prometheus', 'victoria-metrics', 'otelcol'))('every route out of one process', () => {
  test.each(['wombat', 'both'] as const)(
    'has the same names, labels and values, with semconv %s',
    async (semconv) => {
      await compareRoutes(semconv)
    },
    60_000,
  )

  test.skipIf(!hasOtlpReceiver)(
    'has the same values, including OTLP sent directly to Prometheus',
    async () => {
      await compareRoutes('both', [await startPrometheus()])
    },
    60_000,
  )
})
