import { DiagLogLevel, diag } from '@opentelemetry/api'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Labels } from '../metrics/labels.ts'
import type { Metric } from '../metrics/metric.ts'
import { MetricsRegistry } from './registry.ts'

const gets = 'db_get_operations_total'
const latency = 'db_get_latency_seconds'
const warnings: string[] = []

beforeEach(() => {
  warnings.length = 0
  const ignore = (): void => {}
  const warn = (message: string): number => warnings.push(message)
  diag.setLogger({ warn, error: ignore, info: ignore, debug: ignore, verbose: ignore }, { logLevel: DiagLogLevel.WARN })
})
afterEach(() => diag.disable())

function refusals(registry: MetricsRegistry): Record<string, number> {
  const refused = registry.getAllMetrics().filter(({ name }) => name === 'wombat_monitor_refused_values_total')
  return Object.fromEntries(refused.map(({ labels, value }) => [labels['reason'], value]))
}

/** Everything but what the registry says of itself. */
function others(registry: MetricsRegistry): Metric[] {
  return registry.getAllMetrics().filter(({ name }) => !name.startsWith('wombat_monitor_'))
}

const misuses: Record<string, [reason: string, misuse: (registry: MetricsRegistry) => void, message: RegExp]> = {
  'a counter nobody declared': ['undeclared', (r) => r.incrementCounter('no_such_total'), /no_such_total: .*\(undeclared\)/],
  'a gauge nobody declared': ['undeclared', (r) => r.setGauge('no_such', 1), /no_such: value refused \(undeclared\)/],
  'a histogram nobody declared': ['undeclared', (r) => r.recordHistogram('no_such', 1), /no_such: value refused/],
  'a histogram used as a counter': ['wrong_kind', (r) => r.incrementCounter(latency), /\(wrong_kind\), got counter/],
  'a counter used as a gauge': ['wrong_kind', (r) => r.setGauge(gets, 1), /\(wrong_kind\), got gauge/],
  'a counter used as a gauge with labels': ['wrong_kind', (r) => r.setGaugeWithLabels(gets, 1, {}), /\(wrong_kind\)/],
  'a gauge used as a histogram': ['wrong_kind', (r) => r.recordHistogram('db_queue_depth', 1), /\(wrong_kind\), got histogram/],
  'a label the metric does not have': [
    'labels',
    (r) => r.incrementCounter(gets, 1, { shop: 'a' }),
    /no label "shop", only store/,
  ],
  'a label of a metric that has none': [
    'labels',
    (r) => r.setGaugeWithLabels('wombat_monitor_points', 1, { store: 'a' }),
    /has no label "store", only none/,
  ],
  'an empty label': ['labels', (r) => r.incrementCounter(gets, 1, { store: '' }), /label store must not be empty/],
  'half a surrogate pair': ['labels', (r) => r.incrementCounter(gets, 1, { store: 'a\ud800' }), /half a surrogate pair/],
  'a label of 1025 characters': [
    'labels',
    (r) => r.incrementCounter(gets, 1, { store: 'x'.repeat(1025) }),
    /at most 1024 .*1025/,
  ],
  'a label that is a number': ['labels', (r) => r.incrementCounter(gets, 1, { store: 5 } as never), /string, got number/],
  'a label that is null': ['labels', (r) => r.incrementCounter(gets, 1, { store: null } as never), /string, got null/],
  'no labels at all': ['labels', (r) => r.setGaugeWithLabels('db_queue_depth', 1, null as never), /\(labels\)/],
  'the label of the overflow': ['labels', (r) => r.incrementCounter(gets, 1, { otel_metric_overflow: 'true' }), /no label/],
  'a counter that goes down': ['negative', (r) => r.incrementCounter(gets, -1), /\(negative\), got -1/],
  'a counter that grows by NaN': ['not_finite', (r) => r.incrementCounter(gets, Number.NaN), /\(not_finite\), got NaN/],
  'a counter that grows without end': ['not_finite', (r) => r.incrementCounter(gets, 1 / 0), /got Infinity/],
  'a counter that falls without end': ['not_finite', (r) => r.incrementCounter(gets, -1 / 0), /got -Infinity/],
  'a counter that grows by a string': ['not_finite', (r) => r.incrementCounter(gets, '5' as never), /got 5/],
  'a counter that grows by a BigInt': ['not_finite', (r) => r.incrementCounter(gets, 5n as never), /got 5/],
  'a counter that grows by an object': ['not_finite', (r) => r.incrementCounter(gets, Object.create(null)), /got an object/],
  'a gauge that is NaN': ['not_finite', (r) => r.setGauge('db_queue_depth', Number.NaN), /\(not_finite\), got NaN/],
  'a histogram of a negative value': ['negative', (r) => r.recordHistogram(latency, -0.1), /\(negative\), got -0.1/],
}

for (const [what, [reason, misuse, message]] of Object.entries(misuses)) {
  test(`${what} by name throws nothing, is counted as ${reason} each time and logged once`, () => {
    const registry = new MetricsRegistry()
    for (let times = 0; times < 3; times++) expect(() => misuse(registry)).not.toThrow()
    expect(refusals(registry)).toEqual({ [reason]: 3 })
    expect(warnings).toEqual([expect.stringMatching(message)])
    const recorded = others(registry).map(({ value }) => (typeof value === 'number' ? value : value.count))
    expect(recorded.filter((value) => value !== 0)).toEqual([])
  })
}

test('a misuse does not stop what is used well', () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets, 2, { store: 'a' })
  registry.incrementCounter(gets, -5, { store: 'a' })
  registry.incrementCounter(gets, 1, { shop: 'a' })
  registry.incrementCounter(gets, 3, { store: 'a' })
  expect(others(registry)).toMatchObject([{ name: gets, labels: { store: 'a' }, value: 5 }])
})

test('a label as number does not pass for the same label as string', () => {
  const registry = new MetricsRegistry()
  registry.setGaugeWithLabels('db_level_files', 1, { level: '5' })
  registry.setGaugeWithLabels('db_level_files', 2, { level: 5 } as never)
  expect(others(registry)).toMatchObject([{ labels: { level: '5' }, value: 1 }])
  expect(refusals(registry)).toEqual({ labels: 1 })
})

test('a logger that throws does not reach whoever records', () => {
  diag.disable()
  const fail = (): never => {
    throw new Error('disk full')
  }
  diag.setLogger({ warn: fail, error: fail, info: () => {}, debug: fail, verbose: fail }, { logLevel: DiagLogLevel.WARN })
  const registry = new MetricsRegistry()
  expect(() => registry.incrementCounter('no_such_total')).not.toThrow()
  expect(() => registry.counter(gets).add(-1)).not.toThrow()
  expect(refusals(registry)).toEqual({ undeclared: 1, negative: 1 })
})

test('a long message does not fill the log', () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets, 'x'.repeat(100_000) as never)
  expect(warnings[0]?.length).toBeLessThan(500)
})

const bindings: Record<string, [bind: (registry: MetricsRegistry) => unknown, complaint: RegExp]> = {
  'a name nobody declared': [(r) => r.counter('no_such_total'), /^metric "no_such_total" is not declared: call declare\({ name/],
  'a gauge as a counter': [(r) => r.counter('db_queue_depth'), /^metric db_queue_depth is a gauge, not a counter$/],
  'a counter as a gauge': [(r) => r.gauge(gets), /^metric db_get_operations_total is a counter, not a gauge$/],
  'a counter as a histogram': [(r) => r.histogram(gets), /is a counter, not a histogram$/],
  'a label the metric does not have': [(r) => r.counter(gets, { shop: 'a' }), /: has no label "shop", only store$/],
  'an empty label': [(r) => r.histogram(latency, { store: '' }), /: label store must not be empty: Prometheus/],
  'a label that is no string': [
    (r) => r.gauge('db_queue_depth', { store: undefined } as never),
    /must be a string, got undefined/,
  ],
  'half a surrogate pair': [(r) => r.gauge('db_queue_depth', { store: '\udc00' }), /half a surrogate pair/],
  'a label of 1025 characters': [(r) => r.counter(gets, { store: 'x'.repeat(1025) }), /at most 1024 characters, got 1025/],
}

for (const [what, [bind, complaint]] of Object.entries(bindings)) {
  test(`binding a handle to ${what} throws a TypeError that says so`, () => {
    const registry = new MetricsRegistry()
    expect(() => bind(registry)).toThrow(TypeError)
    expect(() => bind(registry)).toThrow(complaint)
    expect(registry.getAllMetrics()).toEqual([])
  })
}

function fill(registry: MetricsRegistry, from: number, to: number): void {
  for (let store = from; store < to; store++) registry.incrementCounter(gets, 1, { store: `s${store}` })
}

function seriesOf(registry: MetricsRegistry, wanted: string): Array<[Labels, unknown]> {
  return registry.getAllMetrics().flatMap(({ name, labels, value }) => (name === wanted ? [[labels, value]] : []))
}

test('at the limit of series all further labels are added up in one series, and nothing is lost', () => {
  const registry = new MetricsRegistry({ cardinalityLimit: 4 })
  fill(registry, 0, 10)
  fill(registry, 0, 10)
  expect(seriesOf(registry, gets)).toEqual([
    [{ store: 's0' }, 2],
    [{ store: 's1' }, 2],
    [{ store: 's2' }, 2],
    [{ otel_metric_overflow: 'true' }, 14],
  ])
})

test('a metric at its limit is counted, and logged once', () => {
  const registry = new MetricsRegistry({ cardinalityLimit: 4 })
  fill(registry, 0, 3)
  expect(seriesOf(registry, 'wombat_monitor_overflowed_metrics')).toEqual([])
  fill(registry, 3, 30)
  for (let level = 0; level < 9; level++) registry.setGaugeWithLabels('db_level_files', 1, { level: String(level) })
  expect(seriesOf(registry, 'wombat_monitor_overflowed_metrics')).toEqual([[{}, 2]])
  expect(warnings).toHaveLength(2)
  expect(warnings[0]).toMatch(/db_get_operations_total: more than 3 sets of labels; .* otel_metric_overflow="true"/)
})

test('handles past the limit share the overflow, and one set of labels always has its own', () => {
  const registry = new MetricsRegistry({ cardinalityLimit: 1 })
  const [first, second, third] = ['a', 'b', 'c'].map((store) => registry.counter(gets, { store }))
  expect(second).toBe(third)
  expect(second).not.toBe(first)
})

test('the limit holds over any number of collections', () => {
  const registry = new MetricsRegistry()
  for (let round = 0; round < 10; round++) {
    fill(registry, round * 1500, (round + 1) * 1500)
    expect(seriesOf(registry, gets).length).toBeLessThanOrEqual(2000)
  }
  const values = seriesOf(registry, gets).map(([, value]) => value as number)
  expect(values.length).toBe(2000)
  expect(values.reduce((sum, value) => sum + value)).toBe(15_000)
})

test('one metric at its limit leaves the others their own', () => {
  const registry = new MetricsRegistry({ cardinalityLimit: 2 })
  fill(registry, 0, 5)
  registry.incrementCounter('db_set_operations_total', 1, { store: 'new' })
  expect(seriesOf(registry, 'db_set_operations_total')).toEqual([[{ store: 'new' }, 1]])
})
