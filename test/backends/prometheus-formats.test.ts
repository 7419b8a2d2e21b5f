import { setTimeout as sleep } from 'node:timers/promises'
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { TracerProvider } from '@opentelemetry/sdk-trace'
import { ruleFiles } from '@wombat/dashboards'
import { type Monitoring, startMonitoring } from '@wombat/monitor'
import { prometheusLabels } from '@wombat/test-support/added-labels'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { dashboards, resolveVariables } from '@wombat/test-support/panel-queries'
import { startPrometheus } from '@wombat/test-support/prometheus'
import { query } from '@wombat/test-support/query'
import { randomFrom } from '@wombat/test-support/random'
import { differences, indexSamples, type Sample } from '@wombat/test-support/sample'
import { scrape } from '@wombat/test-support/scrape'
import { isEqualTo12Digits, startVictoriaMetrics } from '@wombat/test-support/victoria-metrics'
import { describe, expect, onTestFinished, test } from 'vitest'

/** The formats by Prometheus' names for them. */
const protocols = [
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
  'PrometheusProto',
]
const settleMs = 20_000
const tests = { timeout: 60_000 }

/** Starts a monitoring that measures nothing by itself, so that values do not change. */
async function startMonitored(): Promise<{ monitoring: Monitoring; url: string }> {
  const monitoring = await startMonitoring({
    prometheusEnabled: true,
    prometheusPort: 0,
    jsonApiEnabled: false,
    enableHealthChecks: false,
    enableAlerts: false,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
  })
  onTestFinished(() => monitoring.close())
  return { monitoring, url: `${monitoring.addresses.prometheus}/metrics` }
}

/** Records operations of two stores, with labels that have to be escaped. */
function recordOperations({ registry }: Monitoring): void {
  const random = randomFrom(1)
  for (const store of ['orders', 'a "b" \\c\nd é']) {
    registry.incrementCounter('db_get_operations_total', 1e10 + 7, { store })
    registry.setGaugeWithLabels('db_memtable_bytes', 123_456.75, { store })
    registry.histogram('db_set_latency_seconds', { store })
    for (let count = 0; count < 2000; count++)
      registry.recordHistogram('db_get_latency_seconds', 10 ** (random() * 7 - 6), { store })
  }
}

const isOwn = ({ name }: Sample): boolean => name.startsWith('db_') && !name.endsWith('_created')
const ours = '{__name__=~"db_(get|set|memtable).+"}'

describe.skipIf(!areInstalled('prometheus'))('Prometheus', () => {
  test('stores the same values, whatever the format', tests, async () => {
    const { monitoring, url } = await startMonitored()
    recordOperations(monitoring)
    // Without native histograms, Prometheus before 3.8 takes the classic ones of a page in protobuf only if it is told so.
    const jobs = Object.fromEntries(protocols.map((name) => [name, { url, protocols: [name], withClassicBuckets: true }]))
    const prometheus = await startPrometheus(jobs)
    const expected = indexSamples((await scrape(url)).filter(isOwn))
    expect(expected.size).toBeGreaterThan(90)
    for (const job of protocols) {
      const stored = async () => (await query(prometheus.url, ours.replace('{', `{job="${job}",`))).filter(isOwn)
      const compare = async () => differences(expected, indexSamples(await stored(), prometheusLabels))
      await expect.poll(compare, { timeout: settleMs, message: job }).toEqual([])
    }
  })

  test('takes the time at which counting started, as a value of 0', tests, async () => {
    const { monitoring, url } = await startMonitored()
    const startedMs = Date.now()
    recordOperations(monitoring)
    // The first scrape comes later: without the time, nobody would know of this increase.
    await sleep(1000)
    const chosen = ['OpenMetricsText1.0.0', 'PrometheusProto']
    const jobs = Object.fromEntries(chosen.map((name) => [name, { url, protocols: [name] }]))
    const prometheus = await startPrometheus(jobs, ['created-timestamp-zero-ingestion'])
    for (const job of chosen) {
      const read = async () => {
        const body = new URLSearchParams({ query: `db_get_operations_total{job="${job}",store="orders"}[1m]` })
        const { data } = (await (await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body })).json()) as {
          data: { result: ReadonlyArray<{ values: ReadonlyArray<[seconds: number, value: string]> }> }
        }
        return data.result[0]?.values ?? []
      }
      await expect.poll(async () => (await read()).length, { timeout: settleMs }).toBeGreaterThan(2)
      const [[seconds = 0, value = ''] = [], [, next] = []] = await read()
      expect([value, next]).toEqual(['0', '10000000007'])
      expect(Math.abs(seconds * 1000 - startedMs)).toBeLessThan(500)
      expect(await query(prometheus.url, `{__name__=~".+_created",job="${job}"}`)).toEqual([])
    }
  })

  test('has quantiles of native histograms within 3.1 %, where those of classic buckets are far off', tests, async () => {
    const { monitoring, url } = await startMonitored()
    const random = randomFrom(2)
    // Around 2.6 and 300 ms, just above a bound: in its bucket, nothing tells where.
    const values = Array.from({ length: 20_000 }, () => (random() < 0.97 ? 0.0026 : 0.3) * (1 + random() / 10)).sort(
      (a, b) => a - b,
    )
    for (const value of values) monitoring.registry.recordHistogram('db_get_latency_seconds', value, { store: 'orders' })
    monitoring.registry.histogram('db_set_latency_seconds', { store: 'orders' })
    const prometheus = await startPrometheus({ native: { url }, both: { url, withClassicBuckets: true } }, [
      'native-histograms',
      'exemplar-storage',
    ])
    const readQuantile = async (q: number, selector: string): Promise<number | undefined> =>
      (await query(prometheus.url, `histogram_quantile(${q}, ${selector})`))[0]?.value
    await expect.poll(() => readQuantile(0.5, 'db_get_latency_seconds{job="both"}'), { timeout: settleMs }).toBeDefined()
    await expect.poll(() => readQuantile(0.5, 'db_get_latency_seconds{job="native"}'), { timeout: settleMs }).toBeDefined()
    const classicErrors: number[] = []
    for (const q of [0.5, 0.9, 0.99, 0.999]) {
      const truth = values[Math.ceil(q * values.length) - 1] ?? 0
      for (const job of ['native', 'both']) {
        const got = await readQuantile(q, `db_get_latency_seconds{job="${job}"}`)
        expect(Math.abs((got ?? 0) / truth - 1), `P${q * 100} ${got} of ${truth}`).toBeLessThan(0.031)
      }
      classicErrors.push(Math.abs(((await readQuantile(q, 'db_get_latency_seconds_bucket{job="both"}')) ?? 0) / truth - 1))
    }
    expect(Math.max(...classicErrors)).toBeGreaterThan(0.3)
    // By default Prometheus stores only the native ones, also of a histogram without values.
    expect(await query(prometheus.url, '{__name__=~"db_.+_bucket",job="native"}')).toEqual([])
    const [empty] = await query(prometheus.url, 'histogram_count(db_set_latency_seconds{job="native"})')
    expect(empty?.value).toBe(0)
    const [count] = await query(prometheus.url, 'histogram_count(db_get_latency_seconds{job="native"})')
    const [sum] = await query(prometheus.url, 'histogram_sum(db_get_latency_seconds{job="native"})')
    expect(count?.value).toBe(20_000)
    expect(sum?.value).toBeCloseTo(
      values.reduce((total, value) => total + value, 0),
      6,
    )
  })

  test('answers what dashboards and rules ask, whether it stores native histograms, classic ones or both', tests, async () => {
    const { monitoring, url } = await startMonitored()
    const store = monitoring.instrument(new Map<string, number>(), { name: 'sessions' })
    const timer = setInterval(() => store.get('a'), 5)
    onTestFinished(() => clearInterval(timer))
    const jobs = ['native', 'both', 'classic']
    const prometheus = await startPrometheus(
      {
        native: { url },
        both: { url, withClassicBuckets: true },
        classic: { url, protocols: ['PrometheusText0.0.4'] },
      },
      ['native-histograms'],
    )
    const alertRules = ruleFiles()['wombat-alerts.yaml'] ?? ''
    const [, ofRule = ''] = /\(\((histogram_quantile\(0\.99, rate\(db_get_latency_seconds\[.*?)\) > /.exec(alertRules) ?? []
    const expressions = Object.values(dashboards()).flatMap(({ panels }) =>
      panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    )
    const ofPanel = expressions.find((expression) => /^histogram_quantile\(0\.99, .*db_get_latency_seconds/.test(expression))
    for (const job of jobs) {
      const panel = resolveVariables(ofPanel ?? '', { service: job })
      const read = async (expression: string): Promise<number> =>
        (await query(prometheus.url, expression)).filter(({ labels, value }) => (labels['job'] ?? job) === job && value > 0)
          .length
      await expect.poll(() => read(panel), { timeout: settleMs, message: `${job}: ${panel}` }).toBe(1)
      await expect.poll(() => read(ofRule), { timeout: settleMs, message: `${job}: ${ofRule}` }).toBe(1)
    }
  })

  test('has the traces of real spans as exemplars', tests, async () => {
    const { monitoring, url } = await startMonitored()
    context.setGlobalContextManager(new AsyncLocalStorageContextManager())
    onTestFinished(() => {
      context.disable()
    })
    const tracer = new TracerProvider().getTracer('test')
    const store = monitoring.instrument(new Map<string, number>(), { name: 'sessions' })
    const traceIds = new Set<string>()
    for (let count = 0; count < 50; count++) {
      const span = tracer.startSpan('request')
      traceIds.add(span.spanContext().traceId)
      context.with(trace.setSpan(context.active(), span), () => store.set(`${count}`, count))
      span.end()
    }
    const prometheus = await startPrometheus(
      {
        openmetrics: { url, protocols: ['OpenMetricsText1.0.0'] },
        native: { url, protocols: ['PrometheusProto'] },
      },
      ['native-histograms', 'exemplar-storage'],
    )
    for (const selector of ['db_set_latency_seconds_bucket{job="openmetrics"}', 'db_set_latency_seconds{job="native"}']) {
      const read = async (): Promise<string[]> => {
        const now = Date.now() / 1000
        const body = new URLSearchParams({ query: selector, start: `${now - 600}`, end: `${now + 60}` })
        const { data } = (await (await fetch(`${prometheus.url}/api/v1/query_exemplars`, { method: 'POST', body })).json()) as {
          data: ReadonlyArray<{ exemplars: ReadonlyArray<{ labels: { trace_id: string; span_id: string } }> }>
        }
        return data.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels.trace_id))
      }
      await expect.poll(async () => (await read()).length, { timeout: settleMs, message: selector }).toBeGreaterThan(0)
      expect((await read()).filter((traceId) => !traceIds.has(traceId))).toEqual([])
    }
  })
})

test.skipIf(!areInstalled('victoria-metrics'))('VictoriaMetrics stores the same values', tests, async () => {
  const { monitoring, url } = await startMonitored()
  recordOperations(monitoring)
  const victoriaMetrics = await startVictoriaMetrics(url)
  const expected = indexSamples((await scrape(url)).filter(isOwn))
  const compare = async () => {
    const stored = (await victoriaMetrics.query(ours)).filter(isOwn)
    return differences(expected, indexSamples(stored, prometheusLabels), isEqualTo12Digits)
  }
  await expect.poll(compare, { timeout: settleMs }).toEqual([])
})
