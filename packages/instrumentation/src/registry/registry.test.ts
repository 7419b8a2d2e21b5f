import { setTimeout as wait } from 'node:timers/promises'
import { DiagLogLevel, diag } from '@opentelemetry/api'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Labels } from '../metrics/labels.ts'
import type { Metric } from '../metrics/metric.ts'
import { latencyBounds, metrics } from '../metrics/semconv.ts'
import { MetricsRegistry } from './registry.ts'

const latency = 'db_get_latency_seconds'
const gets = 'db_get_operations_total'

type Timeless<Each extends Metric = Metric> = Each extends Metric ? Omit<Each, 'timestamp'> : never

/** The metrics of one name, without the time at which they were read. */
function read(registry: MetricsRegistry, name: string): Timeless[] {
  return registry.getAllMetrics().flatMap(({ timestamp: _, ...metric }) => (metric.name === name ? metric : []))
}

const warnings: string[] = []

beforeEach(() => {
  warnings.length = 0
  const ignore = (): void => {}
  const warn = (message: string): number => warnings.push(message)
  diag.setLogger({ warn, error: ignore, info: ignore, debug: ignore, verbose: ignore }, { logLevel: DiagLogLevel.WARN })
})
afterEach(() => diag.disable())

function rejections(registry: MetricsRegistry): Record<string, number> {
  const rejected = registry.getAllMetrics().filter(({ name }) => name === 'wombat_monitor_refused_values_total')
  return Object.fromEntries(rejected.map(({ labels, value }) => [labels['reason'], value]))
}

/** All metrics except the registry's own. */
function applicationMetrics(registry: MetricsRegistry): Metric[] {
  return registry.getAllMetrics().filter(({ name }) => !name.startsWith('wombat_monitor_'))
}

test('a counter grows by one, or by the given amount', () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets)
  registry.incrementCounter(gets, 2)
  registry.incrementCounter(gets, 0.5, {})
  expect(read(registry, gets)).toEqual([{ name: gets, type: 'counter', labels: {}, value: 3.5 }])
})

test('a gauge is what it was set to last', () => {
  const registry = new MetricsRegistry()
  registry.setGauge('db_queue_depth', 5)
  registry.setGauge('db_queue_depth', -3)
  registry.setGaugeWithLabels('db_queue_depth', 7, { store: 'a' })
  expect(read(registry, 'db_queue_depth')).toEqual([
    { name: 'db_queue_depth', type: 'gauge', labels: {}, value: -3 },
    { name: 'db_queue_depth', type: 'gauge', labels: { store: 'a' }, value: 7 },
  ])
})

test('a gauge without a value is absent until it is set again', () => {
  const registry = new MetricsRegistry()
  const depth = registry.gauge('db_queue_depth')
  expect(read(registry, 'db_queue_depth')).toEqual([])
  depth.set(4)
  expect(read(registry, 'db_queue_depth')).toHaveLength(1)
  depth.set(undefined)
  expect(read(registry, 'db_queue_depth')).toEqual([])
})

test('a histogram shows cumulative buckets up to Infinity, with sum and count', () => {
  const registry = new MetricsRegistry()
  for (const seconds of [0.002, 0.0025, 0.3, 60]) registry.recordHistogram(latency, seconds, { store: 'a' })
  const atMost = (bound: number): number => [0.002, 0.0025, 0.3, 60].filter((seconds) => seconds <= bound).length
  const buckets = [...latencyBounds, Number.POSITIVE_INFINITY].map((le) => ({ le, count: atMost(le) }))
  const value = { buckets, sum: 0.002 + 0.0025 + 0.3 + 60, count: 4 }
  expect(read(registry, latency)).toEqual([{ name: latency, type: 'histogram', labels: { store: 'a' }, value }])
})

test('a summary shows P50, P95 and P99, with sum and count', () => {
  const registry = new MetricsRegistry()
  const description = 'Time one job took.'
  registry.declare({ name: 'job_seconds', kind: 'summary', unit: 's', description, attributes: [] })
  for (let ms = 1; ms <= 100; ms++) registry.recordHistogram('job_seconds', ms / 1000)
  const [metric] = read(registry, 'job_seconds')
  expect(metric).toMatchObject({ name: 'job_seconds', type: 'summary', labels: {}, value: { count: 100 } })
  if (metric?.type !== 'summary') throw new Error('no summary')
  const { quantiles, sum } = metric.value
  expect(sum).toBeCloseTo(5.05, 9)
  expect(quantiles.map(({ quantile }) => quantile)).toEqual([0.5, 0.95, 0.99])
  for (const { quantile, value } of quantiles) expect(Math.abs(value / (quantile / 10) - 1)).toBeLessThan(0.032)
})

test('a summary without values has no quantiles', () => {
  const registry = new MetricsRegistry()
  registry.declare({ name: 'job_seconds', kind: 'summary', unit: 's', description: 'Time one job took.', attributes: [] })
  registry.histogram('job_seconds')
  const value = { quantiles: [], sum: 0, count: 0 }
  expect(read(registry, 'job_seconds')).toEqual([{ name: 'job_seconds', type: 'summary', labels: {}, value }])
})

test('every metric has the time at which it was read', async () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets)
  registry.setGauge('db_queue_depth', 1)
  const earliestMs = Date.now()
  const first = registry.getAllMetrics()
  await wait(5)
  const second = registry.getAllMetrics()
  expect(new Set(first.map(({ timestamp }) => timestamp)).size).toBe(1)
  expect(first[0]?.timestamp).toBeGreaterThanOrEqual(earliestMs)
  expect(second[0]?.timestamp).toBeGreaterThan(first[0]?.timestamp ?? Number.POSITIVE_INFINITY)
})

test('reading changes nothing', () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets, 3)
  registry.recordHistogram(latency, 0.5)
  const first = read(registry, gets).concat(read(registry, latency))
  for (let reads = 0; reads < 5; reads++) expect(read(registry, gets).concat(read(registry, latency))).toEqual(first)
})

test('a new registry has no metrics', () => {
  expect(new MetricsRegistry().getAllMetrics()).toEqual([])
})

test('the order of labels does not matter', () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter('db_errors_total', 1, { store: 'a', operation: 'get', error_type: 'X' })
  registry.incrementCounter('db_errors_total', 1, { error_type: 'X', store: 'a', operation: 'get' })
  registry.counter('db_errors_total', { operation: 'get', error_type: 'X', store: 'a' }).add(1)
  expect(read(registry, 'db_errors_total')).toMatchObject([{ value: 3 }])
})

test('different labels are different series, whatever characters they contain', () => {
  const registry = new MetricsRegistry()
  const labelSets: Labels[] = [
    {},
    { store: 'a' },
    { store: 'A' },
    { level: 'a' },
    { store: 'a', level: '1' },
    { store: '1', level: 'a' },
    { store: 'a\u0001level\u00001' },
    { store: 'a\u0000', level: '1' },
    { store: 'a,level=1' },
    { store: '1\u0001store\u0000a' },
    { level: '1\u0001store\u0000a' },
  ]
  labelSets.forEach((labels, index) => {
    registry.setGaugeWithLabels('db_level_files', index, labels)
  })
  expect(read(registry, 'db_level_files').map(({ labels, value }) => [labels, value])).toEqual(
    labelSets.map((labels, i) => [labels, i]),
  )
})

test('an instrument and recording by name use the same series', () => {
  const registry = new MetricsRegistry()
  const counter = registry.counter(gets, { store: 'a' })
  counter.add(2)
  registry.incrementCounter(gets, 3, { store: 'a' })
  expect(counter.value).toBe(5)
  expect(registry.counter(gets, { store: 'a' })).toBe(counter)
  expect(registry.histogram(latency)).toBe(registry.histogram(latency))
  expect(registry.gauge('db_queue_depth')).toBe(registry.gauge('db_queue_depth'))
})

test('changing a labels object after recording does not change the series', () => {
  const registry = new MetricsRegistry()
  const labels = { store: 'a' }
  registry.incrementCounter(gets, 1, labels)
  labels.store = 'b'
  expect(read(registry, gets)).toMatchObject([{ labels: { store: 'a' } }])
})

test('the values of several callbacks of a gauge are combined as its definition says', () => {
  const registry = new MetricsRegistry()
  const depth = registry.gauge('db_queue_depth')
  const stop = depth.observe(() => 2)
  depth.observe(() => 3)
  depth.observe(() => undefined)
  expect(depth.value).toBe(5)
  stop()
  expect(depth.value).toBe(3)
  const age = registry.gauge('db_oldest_operation_age_seconds')
  age.observe(() => 2)
  age.observe(() => 3)
  expect(age.value).toBe(3)
  const available = registry.gauge('db_disk_available_bytes')
  available.observe(() => 2)
  available.observe(() => 3)
  expect(available.value).toBe(2)
})

test('several stores that open one database are counted once', () => {
  const size = new MetricsRegistry().gauge('db_total_disk_bytes', { store: 'orders' })
  size.observe(
    () => 10,
    () => '/data/orders',
  )
  size.observe(
    () => 11,
    () => '/data/orders',
  )
  size.observe(
    () => 5,
    () => '/data/archive',
  )
  size.observe(() => 1)
  size.observe(() => 1)
  expect(size.value).toBe(18)
})

test('a gauge of your own says how its values are combined', () => {
  const registry = new MetricsRegistry()
  const definition = { name: 'app_oldest_job_seconds', kind: 'gauge', unit: 's', description: 'Age.', attributes: [] } as const
  registry.declare({ ...definition, aggregation: 'max' })
  const age = registry.gauge('app_oldest_job_seconds')
  age.observe(() => 2)
  age.observe(() => 3)
  expect(age.value).toBe(3)
  expect(() => registry.declare(definition)).toThrow('already declared with aggregation "max"')
  const other = { ...definition, name: 'app_other_seconds' }
  expect(() => registry.declare({ ...other, aggregation: 'average' as 'max' })).toThrow(
    'aggregation must be one of sum, max, min, sum_by_database, sum_by_process, worst, got "average"',
  )
  expect(() => registry.declare({ ...other, name: 'app_total', unit: '{job}', kind: 'counter', aggregation: 'max' })).toThrow(
    'only a gauge has an aggregation',
  )
})

test('every gauge of the catalog says how its values are combined', () => {
  const undecided = Object.values(metrics).filter(({ kind, aggregation }) => (kind === 'gauge') !== (aggregation !== undefined))
  expect(undecided.map(({ name }) => name)).toEqual([])
})

test('a callback that throws or returns NaN counts as unknown', () => {
  const depth = new MetricsRegistry().gauge('db_queue_depth')
  depth.observe(() => Number.NaN)
  depth.observe(() => {
    throw new Error('closed')
  })
  expect(depth.value).toBeUndefined()
  depth.observe(() => 1)
  expect(depth.value).toBe(1)
})

test('while the registry is disabled nothing is recorded, and recorded values stay', () => {
  const registry = new MetricsRegistry()
  const [counter, gauge, histogram] = [registry.counter(gets), registry.gauge('db_queue_depth'), registry.histogram(latency)]
  const recordOnce = (): void => {
    counter.add(1)
    gauge.set(counter.value)
    histogram.record(1)
    registry.incrementCounter(gets)
    registry.setGauge('db_level_files', counter.value)
    registry.recordHistogram(latency, 1)
  }
  recordOnce()
  registry.enabled = false
  recordOnce()
  registry.incrementCounter('no_such_total')
  registry.incrementCounter(gets, 1, { store: 'new' })
  expect(registry.getAllMetrics().map(({ name, value }) => [name, typeof value === 'number' ? value : value.count])).toEqual([
    [gets, 2],
    ['db_queue_depth', 1],
    [latency, 2],
    ['db_level_files', 2],
  ])
  registry.enabled = true
  recordOnce()
  expect(counter.value).toBe(4)
})

test('a listener receives each existing series and each new one until it is removed', () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets, 1, { store: 'a' })
  const received: unknown[] = []
  const stop = registry.onSeries(({ definition }, { labels }) => received.push([definition.name, labels]))
  registry.incrementCounter(gets, 1, { store: 'a' })
  registry.setGauge('db_queue_depth', 1)
  stop()
  registry.incrementCounter(gets, 1, { store: 'b' })
  expect(received).toEqual([
    [gets, { store: 'a' }],
    ['db_queue_depth', {}],
  ])
})

test('invalid options are rejected with the value in the message', () => {
  for (const cardinalityLimit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => new MetricsRegistry({ cardinalityLimit })).toThrow(
      new RangeError(
        `cardinalityLimit must be a whole number of 1 or more, got ${cardinalityLimit}: it limits the series of one metric`,
      ),
    )
  }
  expect(() => new MetricsRegistry({ semconv: 'old' as 'otel' })).toThrow(/semconv must be "wombat", "otel" or "both", got "old"/)
})

test('`warn` is called once for each kind of rejected value', () => {
  const registry = new MetricsRegistry()
  const messages: string[] = []
  registry.warn = (message) => messages.push(message)
  for (let times = 0; times < 3; times++) registry.incrementCounter('undeclared_total')
  expect(messages).toEqual([expect.stringContaining('undeclared_total')])
})

const misuses: Record<string, [reason: string, misuse: (registry: MetricsRegistry) => void, message: RegExp]> = {
  'an undeclared counter': ['undeclared', (r) => r.incrementCounter('no_such_total'), /no_such_total: .*\(undeclared\)/],
  'an undeclared gauge': ['undeclared', (r) => r.setGauge('no_such', 1), /no_such: value rejected \(undeclared\)/],
  'an undeclared histogram': ['undeclared', (r) => r.recordHistogram('no_such', 1), /no_such: value rejected/],
  'a histogram used as a counter': ['wrong_kind', (r) => r.incrementCounter(latency), /\(wrong_kind\), got counter/],
  'a counter used as a gauge': ['wrong_kind', (r) => r.setGauge(gets, 1), /\(wrong_kind\), got gauge/],
  'a counter used as a gauge with labels': ['wrong_kind', (r) => r.setGaugeWithLabels(gets, 1, {}), /\(wrong_kind\)/],
  'a gauge used as a histogram': ['wrong_kind', (r) => r.recordHistogram('db_queue_depth', 1), /\(wrong_kind\), got histogram/],
  'an unknown label': [
    'labels',
    (r) => r.incrementCounter(gets, 1, { shop: 'a' }),
    /unknown label "shop": the labels of the metric are store/,
  ],
  'a label of a metric without labels': [
    'labels',
    (r) => r.setGaugeWithLabels('wombat_monitor_points', 1, { store: 'a' }),
    /unknown label "store": the metric has no labels/,
  ],
  'an empty label': ['labels', (r) => r.incrementCounter(gets, 1, { store: '' }), /label store must not be empty/],
  'a lone surrogate': ['labels', (r) => r.incrementCounter(gets, 1, { store: 'a\ud800' }), /lone surrogate/],
  'a label of 1025 characters': [
    'labels',
    (r) => r.incrementCounter(gets, 1, { store: 'x'.repeat(1025) }),
    /at most 1024 .*1025/,
  ],
  'a label that is a number': ['labels', (r) => r.incrementCounter(gets, 1, { store: 5 } as never), /string, got number/],
  'a label that is null': ['labels', (r) => r.incrementCounter(gets, 1, { store: null } as never), /string, got null/],
  'no labels at all': ['labels', (r) => r.setGaugeWithLabels('db_queue_depth', 1, null as never), /\(labels\)/],
  'the overflow label': ['labels', (r) => r.incrementCounter(gets, 1, { otel_metric_overflow: 'true' }), /unknown label/],
  'a counter that decreases': ['negative', (r) => r.incrementCounter(gets, -1), /\(negative\), got -1/],
  'a counter that grows by NaN': ['not_finite', (r) => r.incrementCounter(gets, Number.NaN), /\(not_finite\), got NaN/],
  'a counter that grows by Infinity': ['not_finite', (r) => r.incrementCounter(gets, 1 / 0), /got Infinity/],
  'a counter that grows by -Infinity': ['not_finite', (r) => r.incrementCounter(gets, -1 / 0), /got -Infinity/],
  'a counter that grows by a string': ['not_finite', (r) => r.incrementCounter(gets, '5' as never), /got 5/],
  'a counter that grows by a BigInt': ['not_finite', (r) => r.incrementCounter(gets, 5n as never), /got 5/],
  'a counter that grows by an object': ['not_finite', (r) => r.incrementCounter(gets, Object.create(null)), /got an object/],
  'a gauge that is NaN': ['not_finite', (r) => r.setGauge('db_queue_depth', Number.NaN), /\(not_finite\), got NaN/],
  'a histogram of a negative value': ['negative', (r) => r.recordHistogram(latency, -0.1), /\(negative\), got -0.1/],
}

for (const [what, [reason, misuse, message]] of Object.entries(misuses)) {
  test(`${what}: recording by name does not throw, counts each value as ${reason} and logs once`, () => {
    const registry = new MetricsRegistry()
    for (let times = 0; times < 3; times++) expect(() => misuse(registry)).not.toThrow()
    expect(rejections(registry)).toEqual({ [reason]: 3 })
    expect(warnings).toEqual([expect.stringMatching(message)])
    const recorded = applicationMetrics(registry).map(({ value }) => (typeof value === 'number' ? value : value.count))
    expect(recorded.filter((value) => value !== 0)).toEqual([])
  })
}

test('a rejected value does not affect valid ones', () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets, 2, { store: 'a' })
  registry.incrementCounter(gets, -5, { store: 'a' })
  registry.incrementCounter(gets, 1, { shop: 'a' })
  registry.incrementCounter(gets, 3, { store: 'a' })
  expect(applicationMetrics(registry)).toMatchObject([{ name: gets, labels: { store: 'a' }, value: 5 }])
})

test('a number is not accepted as a label value', () => {
  const registry = new MetricsRegistry()
  registry.setGaugeWithLabels('db_level_files', 1, { level: '5' })
  registry.setGaugeWithLabels('db_level_files', 2, { level: 5 } as never)
  expect(applicationMetrics(registry)).toMatchObject([{ labels: { level: '5' }, value: 1 }])
  expect(rejections(registry)).toEqual({ labels: 1 })
})

test('an error of the logger does not reach the code that records', () => {
  diag.disable()
  const fail = (): never => {
    throw new Error('disk full')
  }
  diag.setLogger({ warn: fail, error: fail, info: () => {}, debug: fail, verbose: fail }, { logLevel: DiagLogLevel.WARN })
  const registry = new MetricsRegistry()
  expect(() => registry.incrementCounter('no_such_total')).not.toThrow()
  expect(() => registry.counter(gets).add(-1)).not.toThrow()
  expect(rejections(registry)).toEqual({ undeclared: 1, negative: 1 })
})

test('a long value is truncated in the log', () => {
  const registry = new MetricsRegistry()
  registry.incrementCounter(gets, 'x'.repeat(100_000) as never)
  expect(warnings[0]?.length).toBeLessThan(500)
})

const invalidInstruments: Record<string, [getInstrument: (registry: MetricsRegistry) => unknown, message: RegExp]> = {
  'an undeclared metric': [
    (r) => r.counter('no_such_total'),
    /^metric "no_such_total" is not declared: check its spelling, or call declare\({ name/,
  ],
  'a gauge as a counter': [(r) => r.counter('db_queue_depth'), /^metric db_queue_depth is a gauge, not a counter$/],
  'a counter as a gauge': [(r) => r.gauge(gets), /^metric db_get_operations_total is a counter, not a gauge$/],
  'a counter as a histogram': [(r) => r.histogram(gets), /is a counter, not a histogram$/],
  'an unknown label': [(r) => r.counter(gets, { shop: 'a' }), /: unknown label "shop": the labels of the metric are store$/],
  'an empty label': [(r) => r.histogram(latency, { store: '' }), /: label store must not be empty: Prometheus/],
  'a label that is not a string': [
    (r) => r.gauge('db_queue_depth', { store: undefined } as never),
    /must be a string, got undefined/,
  ],
  'a lone surrogate': [(r) => r.gauge('db_queue_depth', { store: '\udc00' }), /lone surrogate/],
  'a label of 1025 characters': [(r) => r.counter(gets, { store: 'x'.repeat(1025) }), /at most 1024 characters, got 1025/],
}

for (const [what, [getInstrument, message]] of Object.entries(invalidInstruments)) {
  test(`getting ${what} throws a TypeError that names the problem`, () => {
    const registry = new MetricsRegistry()
    expect(() => getInstrument(registry)).toThrow(TypeError)
    expect(() => getInstrument(registry)).toThrow(message)
    expect(registry.getAllMetrics()).toEqual([])
  })
}

function fill(registry: MetricsRegistry, from: number, to: number): void {
  for (let store = from; store < to; store++) registry.incrementCounter(gets, 1, { store: `s${store}` })
}

function readSeries(registry: MetricsRegistry, wanted: string): Array<[Labels, unknown]> {
  return registry.getAllMetrics().flatMap(({ name, labels, value }) => (name === wanted ? [[labels, value]] : []))
}

test('above the cardinality limit all further labels share one series, and no value is lost', () => {
  const registry = new MetricsRegistry({ cardinalityLimit: 4 })
  fill(registry, 0, 10)
  fill(registry, 0, 10)
  expect(readSeries(registry, gets)).toEqual([
    [{ store: 's0' }, 2],
    [{ store: 's1' }, 2],
    [{ store: 's2' }, 2],
    [{ otel_metric_overflow: 'true' }, 14],
  ])
})

test('a metric at its cardinality limit is counted, and logged once', () => {
  const registry = new MetricsRegistry({ cardinalityLimit: 4 })
  fill(registry, 0, 3)
  expect(readSeries(registry, 'wombat_monitor_overflowed_metrics')).toEqual([])
  fill(registry, 3, 30)
  for (let level = 0; level < 9; level++) registry.setGaugeWithLabels('db_level_files', 1, { level: String(level) })
  expect(readSeries(registry, 'wombat_monitor_overflowed_metrics')).toEqual([[{}, 2]])
  expect(warnings).toHaveLength(2)
  expect(warnings[0]).toMatch(/db_get_operations_total: more than 3 label sets: .* otel_metric_overflow="true"/)
})

test('instruments above the limit share the overflow series, and the first label set always has its own', () => {
  const registry = new MetricsRegistry({ cardinalityLimit: 1 })
  const [first, second, third] = ['a', 'b', 'c'].map((store) => registry.counter(gets, { store }))
  expect(second).toBe(third)
  expect(second).not.toBe(first)
})

test('the limit holds over many rounds of new labels', () => {
  const registry = new MetricsRegistry()
  for (let round = 0; round < 10; round++) {
    fill(registry, round * 1500, (round + 1) * 1500)
    expect(readSeries(registry, gets).length).toBeLessThanOrEqual(2000)
  }
  const values = readSeries(registry, gets).map(([, value]) => value as number)
  expect(values.length).toBe(2000)
  expect(values.reduce((sum, value) => sum + value)).toBe(15_000)
})

test('a metric at its limit does not affect other metrics', () => {
  const registry = new MetricsRegistry({ cardinalityLimit: 2 })
  fill(registry, 0, 5)
  registry.incrementCounter('db_set_operations_total', 1, { store: 'new' })
  expect(readSeries(registry, 'db_set_operations_total')).toEqual([[{ store: 'new' }, 1]])
})
