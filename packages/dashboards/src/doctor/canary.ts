import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MetricName } from '@wombat/instrumentation'
import { startMonitoring } from '@wombat/monitor'
import type { ExpectedSeries } from './expected-series.ts'
import { getJson, RequestError, type RequestOptions, splitCredentials } from './http-client.ts'

/** A counter, a gauge and a histogram under names of the catalogue, of a store that nobody has. */
export interface Canary {
  readonly id: string
  readonly expected: readonly ExpectedSeries[]
  readonly counted: number
  readonly level: number
}

const counter = 'db_get_operations_total' satisfies MetricName
/** With a label of its own, and one that no alert looks at: its great value would be called a pile-up. */
const gauge = 'db_level_bytes' satisfies MetricName
const histogram = 'db_get_latency_seconds' satisfies MetricName
/** In sums of powers of two nothing is rounded. */
const latencies = [0.0009765625, 0.03125, 0.5]
const sumOfLatencies = latencies.reduce((sum, seconds) => sum + seconds, 0)

export function newCanary(): Canary {
  const id = `wombat-canary-${randomInt(2 ** 40).toString(36)}`
  // Eight digits: no route rounds them, and hardly anything else has the same.
  const counted = randomInt(10_000_000, 50_000_000)
  const level = randomInt(50_000_000, 100_000_000)
  const store = { store: id }
  const of = (name: string, stem: string, value: number, own: object = {}): ExpectedSeries => {
    return { name, labels: { ...store }, value, stem, end: '', isUnique: false, ...own }
  }
  return {
    id,
    counted,
    level,
    expected: [
      of(counter, 'db_get_operations', counted, { isUnique: true }),
      of(gauge, 'db_level', level, { labels: { ...store, level: '0' }, isUnique: true }),
      of(`${histogram}_count`, 'db_get_latency', latencies.length, { end: '_count' }),
      of(`${histogram}_sum`, 'db_get_latency', sumOfLatencies, { end: '_sum' }),
      of(`${histogram}_bucket`, 'db_get_latency', latencies.length, { labels: { ...store, le: '+Inf' }, end: '_bucket' }),
    ],
  }
}

const intervalMs = 1000

/**
 * Sends a canary over OTLP, the way a process with monitoring does, and again every second until it is stopped: whoever asks
 * late still finds it.
 *
 * @throws Unanswered where the receiver does not take it.
 */
export async function sendCanary(
  canary: Canary,
  url: URL,
  { headers = {}, timeoutMs }: RequestOptions,
): Promise<() => Promise<void>> {
  // An empty request: what a receiver has against it, it says in a status.
  const asProtobuf = { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: new Uint8Array() }
  await getJson(url, { headers, timeoutMs }, asProtobuf)
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  let failure: string | undefined
  const quiet = (): void => {}
  const monitoring = await startMonitoring({
    enableMetrics: true,
    enableAlerts: false,
    enableHealthChecks: false,
    prometheusEnabled: false,
    jsonApiEnabled: false,
    logMetricsEnabled: false,
    semconv: 'wombat',
    resource: { 'service.name': 'wombat-dashboards-doctor' },
    otlp: {
      url: bare.href,
      headers: { ...splitCredentials(url), ...headers },
      protocol: 'http/protobuf',
      intervalMs,
      temporality: 'cumulative',
      histograms: 'explicit',
    },
    logger: {
      debug: quiet,
      // The exporter works again.
      info: () => {
        failure = undefined
      },
      warn: (fields) => {
        if ('reason' in fields) failure = String(fields.reason)
      },
      error: quiet,
    },
  })
  const { registry } = monitoring
  registry.incrementCounter(counter, canary.counted, { store: canary.id })
  registry.setGaugeWithLabels(gauge, canary.level, { store: canary.id, level: '0' })
  for (const seconds of latencies) registry.recordHistogram(histogram, seconds, { store: canary.id })
  const exports = registry.counter('wombat_monitor_exports_total', { exporter: 'otlp' })
  const deadlineMs = performance.now() + timeoutMs + 2 * intervalMs
  // The second export begins when the first has ended.
  while ((exports.value < 2 || failure !== undefined) && performance.now() < deadlineMs) await sleep(50)
  if (failure === undefined) return () => monitoring.close()
  await monitoring.close()
  throw new RequestError(`${bare.origin}${bare.pathname} does not take OTLP: ${failure}`)
}
