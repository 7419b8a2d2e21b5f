import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MetricName } from '@wombat/instrumentation'
import { startMonitoring } from '@wombat/monitor'
import { basicAuthorization, fetchText, RequestError, type RequestOptions, redactUrl } from './http-client.ts'
import type { ExpectedSeries } from './series.ts'

/** A counter, a gauge and a histogram of the metric catalog, for a store name that is unique to this run. */
export interface Canary {
  /** The store name. */
  readonly id: string
  readonly expected: readonly ExpectedSeries[]
  readonly counterValue: number
  readonly gaugeValue: number
}

const counter = 'db_get_operations_total' satisfies MetricName
/** Has a label besides `store`, and no alert uses it: the large value would trigger one. */
const gauge = 'db_level_bytes' satisfies MetricName
const histogram = 'db_get_latency_seconds' satisfies MetricName
/** Powers of two: their sum has no rounding error. */
const latenciesSeconds = [0.0009765625, 0.03125, 0.5]
const latencySumSeconds = latenciesSeconds.reduce((sum, seconds) => sum + seconds, 0)

/** Creates a canary with a random id and random values. */
export function createCanary(): Canary {
  const id = `wombat-canary-${randomInt(2 ** 40).toString(36)}`
  // Eight digits: no backend rounds them, and another series with the same value is unlikely.
  const counterValue = randomInt(10_000_000, 50_000_000)
  const gaugeValue = randomInt(50_000_000, 100_000_000)
  const store = { store: id }
  const series = (name: string, stem: string, value: number, rest: Partial<ExpectedSeries> = {}): ExpectedSeries => {
    return { name, labels: store, value, stem, ending: '', hasUniqueValue: false, ...rest }
  }
  return {
    id,
    counterValue,
    gaugeValue,
    expected: [
      series(counter, 'db_get_operations', counterValue, { hasUniqueValue: true }),
      series(gauge, 'db_level', gaugeValue, { labels: { ...store, level: '0' }, hasUniqueValue: true }),
      series(`${histogram}_count`, 'db_get_latency', latenciesSeconds.length, { ending: '_count' }),
      series(`${histogram}_sum`, 'db_get_latency', latencySumSeconds, { ending: '_sum' }),
      series(`${histogram}_bucket`, 'db_get_latency', latenciesSeconds.length, {
        labels: { ...store, le: '+Inf' },
        ending: '_bucket',
      }),
    ],
  }
}

const exportIntervalMs = 1000

/**
 * Exports a canary over OTLP as a monitored process would, every second until the returned function is called: backends later on the
 * route still find it.
 *
 * @throws RequestError if the receiver rejects it.
 */
export async function sendCanary(
  { id, counterValue, gaugeValue }: Canary,
  url: URL,
  { headers = {}, timeoutMs }: RequestOptions,
): Promise<() => Promise<void>> {
  // An empty request first: its HTTP status shows why a receiver rejects requests.
  const emptyRequest = { method: 'POST', headers: { 'content-type': 'application/x-protobuf' }, body: new Uint8Array() }
  await fetchText(url, { headers, timeoutMs }, emptyRequest)
  const withoutCredentials = new URL(url)
  withoutCredentials.username = ''
  withoutCredentials.password = ''
  let failure: string | undefined
  const ignore = (): void => {}
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
      url: withoutCredentials.href,
      headers: { ...basicAuthorization(url), ...headers },
      protocol: 'http/protobuf',
      intervalMs: exportIntervalMs,
      temporality: 'cumulative',
      histograms: 'explicit',
    },
    logger: {
      debug: ignore,
      // Logged if an export succeeds after failures.
      info: () => {
        failure = undefined
      },
      warn: (fields) => {
        if ('reason' in fields) failure = String(fields.reason)
      },
      error: ignore,
    },
  })
  const { registry } = monitoring
  registry.incrementCounter(counter, counterValue, { store: id })
  registry.setGaugeWithLabels(gauge, gaugeValue, { store: id, level: '0' })
  for (const seconds of latenciesSeconds) registry.recordHistogram(histogram, seconds, { store: id })
  const exports = registry.counter('wombat_monitor_exports_total', { exporter: 'otlp' })
  const deadlineMs = performance.now() + timeoutMs + 2 * exportIntervalMs
  // The second export starts after the first one has finished.
  while ((exports.value < 2 || failure !== undefined) && performance.now() < deadlineMs) await sleep(50)
  if (failure === undefined) return () => monitoring.close()
  await monitoring.close()
  throw new RequestError(`${redactUrl(url)} rejects OTLP: ${failure}`)
}
