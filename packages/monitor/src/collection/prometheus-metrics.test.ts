import { execFileSync } from 'node:child_process'
import type { Attributes } from '@opentelemetry/api'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { AggregationType, MeterProvider } from '@opentelemetry/sdk-metrics'
import { MetricsRegistry } from '@wombat/instrumentation'
import { areInstalled, programPath } from '@wombat/test-support/backend-programs'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { describe, expect, test } from 'vitest'
import { prometheusText } from '../exporters/prometheus/prometheus-text.ts'
import { DroppedPointsLog } from './prometheus-metrics.ts'
import { SnapshotReader } from './snapshot-reader.ts'

type Use = (provider: MeterProvider, registry: MetricsRegistry) => void

interface Case {
  readonly resource?: Attributes
  readonly use?: Use
  /** Lines of the page, in order, without those of Wombat and comments. */
  readonly lines: readonly string[]
  readonly dropped?: readonly unknown[]
}

const meter = (provider: MeterProvider, name = 'one') => provider.getMeter(name)

const cases: Record<string, Case> = {
  'two keys of the resource that become one': {
    resource: { 'k8s.pod.name': 'x', k8s_pod_name: 'y', '1st.try': 'z', '': 'no name', list: ['a', 'b'] },
    lines: ['target_info{key_1st_try="z",k8s_pod_name="x;y",list="[\\"a\\",\\"b\\"]"} 1'],
  },
  'two keys of a point that become one': {
    use: (provider) => meter(provider).createCounter('app.hits').add(1, { 'http.method': 'GET', http_method: 'POST' }),
    lines: ['app_hits_total{http_method="GET;POST"} 1'],
  },
  'a key that starts with a digit, and one with two underscores': {
    use: (provider) => meter(provider).createCounter('app.hits').add(1, { '5xx': 'a', __name__: 'b' }),
    lines: ['app_hits_total{key_5xx="a",_name_="b"} 1'],
  },
  'two meters with one name': {
    use: (provider) => {
      meter(provider, 'one').createCounter('app.requests').add(1, { path: 'a' })
      meter(provider, 'two').createCounter('app.requests').add(2, { path: 'b' })
      meter(provider, 'three').createCounter('app.requests').add(3, { path: 'b' })
    },
    lines: ['app_requests_total{path="a"} 1', 'app_requests_total{path="b"} 2'],
    dropped: [{ metric: 'app.requests', reason: 'duplicate', count: 1 }],
  },
  'two meters with one name and different kinds': {
    use: (provider) => {
      meter(provider, 'one').createCounter('app_size_total').add(1)
      meter(provider, 'two').createUpDownCounter('app_size_total').add(2)
    },
    lines: ['app_size_total 1'],
    dropped: [{ metric: 'app_size_total', reason: 'name', count: 1 }],
  },
  'two names that become one': {
    use: (provider) => {
      meter(provider).createUpDownCounter('app.size').add(1)
      meter(provider).createUpDownCounter('app_size').add(2)
    },
    lines: ['app_size 1'],
    dropped: [{ metric: 'app_size', reason: 'duplicate', count: 1 }],
  },
  'le on a histogram': {
    use: (provider) =>
      meter(provider)
        .createHistogram('app.time', { advice: { explicitBucketBoundaries: [1] } })
        .record(0.5, { le: '0.5' }),
    lines: [
      'app_time_count{exported_le="0.5"} 1',
      'app_time_sum{exported_le="0.5"} 0.5',
      'app_time_bucket{exported_le="0.5",le="1"} 1',
      'app_time_bucket{exported_le="0.5",le="+Inf"} 1',
    ],
  },
  'a gauge with the name of a series of a histogram': {
    use: (provider) => {
      meter(provider)
        .createHistogram('app.time', { advice: { explicitBucketBoundaries: [] } })
        .record(1)
      meter(provider).createGauge('app.time_count').record(9)
    },
    lines: ['app_time_count 1', 'app_time_sum 1', 'app_time_bucket{le="+Inf"} 1'],
    dropped: [{ metric: 'app.time_count', reason: 'name', count: 1 }],
  },
  'a histogram of which a series has the name of a gauge': {
    use: (provider) => {
      meter(provider).createGauge('app.time_count').record(9)
      meter(provider).createHistogram('app.time').record(1)
    },
    lines: ['app_time_count 9'],
    dropped: [{ metric: 'app.time', reason: 'name', count: 1 }],
  },
  'an empty attribute and none': {
    use: (provider) => {
      const counter = meter(provider).createCounter('app.hits')
      counter.add(1, { path: '' })
      counter.add(2, {})
    },
    lines: ['app_hits_total 1'],
    dropped: [{ metric: 'app.hits', reason: 'duplicate', count: 1 }],
  },
  "a metric with the name of one of Wombat's": {
    use: (provider, registry) => {
      meter(provider).createCounter('db_get_operations_total').add(7, { store: 'x' })
      meter(provider).createGauge('db_get_latency_seconds_count').record(7, { store: 'x' })
      registry.incrementCounter('db_get_operations_total', 1, { store: 'x' })
      registry.histogram('db_get_latency_seconds', { store: 'x' })
    },
    lines: [],
    dropped: [
      { metric: 'db_get_operations_total', reason: 'name', count: 1 },
      { metric: 'db_get_latency_seconds_count', reason: 'name', count: 1 },
    ],
  },
  'names that Prometheus uses itself': {
    use: (provider) => {
      for (const name of ['up', 'target_info', 'scrape_duration_seconds', 'ALERTS']) meter(provider).createGauge(name).record(0)
    },
    lines: [],
    dropped: ['up', 'target_info', 'scrape_duration_seconds', 'ALERTS'].map((metric) => ({ metric, reason: 'name', count: 1 })),
  },
  'values that are not finite': {
    use: (provider) => {
      const gauge = meter(provider).createGauge('app.level')
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
        gauge.record(value, { is: `${value}` })
    },
    lines: ['app_level{is="NaN"} NaN', 'app_level{is="Infinity"} +Inf', 'app_level{is="-Infinity"} -Inf'],
  },
  'an exponential histogram': {
    use: (provider) => meter(provider).createHistogram('app.exponential').record(1),
    lines: [],
    dropped: [{ metric: 'app.exponential', reason: 'unsupported', count: 1 }],
  },
}

async function createPage({ resource = {}, use }: Case) {
  const reader = new SnapshotReader()
  const views = [{ instrumentName: 'app.exponential', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } as const }]
  const provider = new MeterProvider({ readers: [reader], resource: resourceFromAttributes(resource), views })
  const registry = new MetricsRegistry()
  reader.follow(registry)
  use?.(provider, registry)
  const snapshot = await reader.take()
  return { text: prometheusText(snapshot, 'wombat'), dropped: snapshot.prometheus.dropped, snapshot }
}

describe.each(Object.entries(cases))('%s', (_, one) => {
  test('does not spoil the page, and what is left out is known', async () => {
    const { text, dropped } = await createPage(one)
    const lines = text.split('\n').filter((line) => /^(app|ALERTS|up|scrape|target_info\{.)/.test(line))
    expect(lines).toEqual(one.lines)
    expect(dropped).toEqual(one.dropped ?? [])
  })

  test.skipIf(!areInstalled('promtool'))('promtool accepts the page', async () => {
    const { text } = await createPage(one)
    // Exit code 3: only advice about names.
    let output = ''
    try {
      execFileSync(programPath('promtool'), ['check', 'metrics'], { input: text, encoding: 'utf8', stdio: 'pipe' })
    } catch (error) {
      output = String((error as { stderr: string }).stderr)
    }
    expect(output).not.toMatch(/error while linting|parsing|second (HELP|TYPE)|duplicate|unique/)
  })
})

test("every one of Wombat's series stays, whatever the application has", async () => {
  const { text } = await createPage(cases["a metric with the name of one of Wombat's"] as Case)
  expect(text).toMatch(/^db_get_operations_total\{store="x"\} 1$/m)
  expect(text).toMatch(/^db_get_latency_seconds_count\{store="x"\} 0$/m)
})

test('what is left out is counted each time, and warned about once for each metric', () => {
  const registry = new MetricsRegistry()
  const logger = collectingLogger()
  registry.warn = (message) => logger.warn({}, message)
  const log = new DroppedPointsLog(registry, 'prometheus')
  for (let times = 0; times < 3; times++) log.add([{ metric: 'app.size', reason: 'name', count: 2 }])
  const labels = { exporter: 'prometheus', reason: 'name' }
  expect(registry.counter('wombat_monitor_dropped_points_total', labels).value).toBe(6)
  expect(logger.lines.map(({ message }) => message)).toEqual([
    'app.size: 2 points of this metric are not exported to Prometheus: another metric, or Prometheus itself, has series with this name; rename the metric',
  ])
})

test('attributes of the resource that settle late are on the next page', async () => {
  const reader = new SnapshotReader()
  const { promise, resolve } = Promise.withResolvers<string>()
  const resource = resourceFromAttributes({ 'service.name': 'orders', 'host.id': promise as unknown as string })
  const provider = new MeterProvider({ readers: [reader], resource })
  meter(provider).createCounter('app.hits').add(1)
  expect(prometheusText(await reader.take(), 'wombat')).toContain('target_info{service_name="orders"} 1')
  resolve('h1')
  await new Promise((settled) => setImmediate(settled))
  expect(prometheusText(await reader.take(), 'wombat')).toContain('target_info{host_id="h1",service_name="orders"} 1')
})
