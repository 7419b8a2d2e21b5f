import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import type { MetricDefinition } from './semconv.ts'

const counter: MetricDefinition = {
  name: 'app_jobs_total',
  kind: 'counter',
  unit: '{job}',
  description: 'Jobs done.',
  attributes: ['queue'],
}
const gauge: MetricDefinition = { ...counter, name: 'app_jobs_waiting', kind: 'gauge' }
const histogram: MetricDefinition = { ...counter, name: 'app_job_seconds', kind: 'histogram', unit: 's', bounds: [0.1, 1] }

function declaring(definition: object): () => MetricsRegistry {
  return () => new MetricsRegistry().declare(definition as MetricDefinition)
}

const valid: Record<string, MetricDefinition> = {
  'a counter': counter,
  'a gauge': gauge,
  'a histogram': histogram,
  'a histogram without bounds': { ...counter, name: 'app_job_seconds', kind: 'histogram', unit: 's' },
  'a summary': { ...histogram, kind: 'summary' },
  'a counter of seconds': { ...counter, name: 'app_cpu_seconds_total', unit: 's' },
  'a counter of bytes': { ...counter, name: 'app_sent_bytes_total', unit: 'By' },
  'a gauge of bytes': { ...gauge, name: 'app_total_heap_bytes', unit: 'By' },
  'a histogram of ratios': { ...histogram, name: 'app_fill_ratio', unit: '1' },
  'a metric without labels': { ...counter, attributes: [] },
  'a name in capitals': { ...counter, name: 'App_Jobs_total' },
}

for (const [what, definition] of Object.entries(valid)) {
  test(`${what} can be declared`, () => {
    expect(declaring(definition)).not.toThrow()
  })
}

const invalid: Record<string, [definition: object, message: RegExp]> = {
  'a name with a dot': [
    { ...counter, name: 'app.jobs_total' },
    /^metric "app.jobs_total": the name must be 1 to 255 letters, digits and single/,
  ],
  'a name with a dash': [
    { ...counter, name: 'app-jobs_total' },
    /the name must be 1 to 255 letters, digits and single underscores/,
  ],
  'a name that starts with a digit': [{ ...counter, name: '1_jobs_total' }, /and start with a letter/],
  'a name that starts with an underscore': [{ ...counter, name: '_jobs_total' }, /and start with a letter/],
  'a name with two underscores in a row': [{ ...counter, name: 'app__jobs_total' }, /single underscores/],
  'a name of 256 characters': [{ ...counter, name: `${'a'.repeat(250)}_total` }, /1 to 255 letters/],
  'an empty name': [{ ...counter, name: '' }, /the name must be 1 to 255 letters/],
  'no name': [{ ...counter, name: undefined }, /the name must be 1 to 255 letters/],
  'an unknown kind': [{ ...counter, kind: 'meter' }, /kind must be counter, gauge, histogram or summary, got "meter"/],
  'no description': [{ ...counter, description: '' }, /description must be a non-empty string, got ""/],
  milliseconds: [{ ...histogram, unit: 'ms' }, /unit must be "s", "By", "1" or an annotation .*, got "ms"/],
  'a unit that is not an annotation': [{ ...counter, unit: 'jobs' }, /got "jobs": exporters rename other units/],
  'an empty unit': [{ ...counter, unit: '' }, /unit must be "s"/],
  'no unit': [{ ...counter, unit: undefined }, /unit must be "s".*got undefined/],
  'a gauge with unit 1': [{ ...gauge, unit: '1' }, /a gauge must not have unit "1", because a Collector renames it to ..._ratio/],
  'a counter name that does not end in _total': [{ ...counter, name: 'app_jobs' }, /the name of a counter must end in _total/],
  'a gauge name that ends in _total': [
    { ...gauge, name: 'app_jobs_total' },
    /only the name of a counter may end in _total.*gauge/,
  ],
  'a histogram name that ends in _total': [{ ...histogram, name: 'app_seconds_total' }, /this is a histogram/],
  'a counter with total twice': [{ ...counter, name: 'app_total_jobs_total' }, /"total" only at its end/],
  'seconds without the suffix in the name': [{ ...histogram, name: 'app_job_time' }, /the name must end in _seconds:/],
  'seconds of a counter without the suffix in the name': [{ ...counter, unit: 's' }, /the name must end in _seconds_total/],
  'bytes without the suffix in the name': [{ ...gauge, unit: 'By' }, /the name must end in _bytes:/],
  'attributes that are not an array': [{ ...counter, attributes: undefined }, /attributes must be an array of label keys/],
  'a label key with a dot': [{ ...counter, attributes: ['error.type'] }, /label key "error.type" must be letters, digits/],
  'a label key that starts with two underscores': [{ ...counter, attributes: ['__name__'] }, /label key "__name__" must be/],
  'the label key le': [{ ...histogram, attributes: ['le'] }, /label key "le" is reserved/],
  'the label key quantile': [{ ...histogram, attributes: ['quantile'] }, /label key "quantile" is reserved/],
  'the overflow label key': [{ ...counter, attributes: ['otel_metric_overflow'] }, /"otel_metric_overflow" is reserved/],
  'a counter with bounds': [{ ...counter, bounds: [1] }, /only a histogram or a summary has bounds, this is a counter/],
  'a gauge with bounds': [{ ...gauge, bounds: [1] }, /only a histogram or a summary has bounds, this is a gauge/],
}

for (const name of ['up', 'ALERTS', 'ALERTS_FOR_STATE', 'target_info', 'otel_scope_info', 'scrape_samples_scraped']) {
  invalid[`the name ${name}`] = [{ ...gauge, name }, /the name is reserved: Prometheus and its exporters write series/]
}
for (const key of ['job', 'instance', 'otel_scope_name', 'service_name', 'service_instance_id']) {
  invalid[`the label key ${key}`] = [
    { ...counter, attributes: [key] },
    new RegExp(`"${key}" is reserved: Prometheus, OpenTelemetry`),
  ]
}
invalid['a label key with two underscores in a row'] = [{ ...counter, attributes: ['a__b'] }, /must have single underscores only/]

for (const [what, [definition, message]] of Object.entries(invalid)) {
  test(`${what} cannot be declared, and the message names the reason`, () => {
    expect(declaring(definition)).toThrow(TypeError)
    expect(declaring(definition)).toThrow(message)
  })
}

test('invalid bounds are rejected when the histogram is declared', () => {
  expect(declaring({ ...histogram, bounds: [1, 1.001] })).toThrow(RangeError)
  expect(declaring({ ...histogram, kind: 'summary', bounds: [] })).toThrow(/at least one bound/)
})

const written = { ...histogram, name: 'app_size_bytes', unit: 'By' }
test.each([
  [written, { ...gauge, name: 'app_size_bytes_count' }, 'app_size_bytes_count'],
  [written, { ...gauge, name: 'app_size_bytes_sum' }, 'app_size_bytes_sum'],
  [{ ...gauge, name: 'app_size_bytes_bucket' }, written, 'app_size_bytes_bucket'],
  [{ ...written, kind: 'summary' }, { ...gauge, name: 'app_size_bytes_created' }, 'app_size_bytes_created'],
  [counter, { ...gauge, name: 'app_jobs' }, 'app_jobs'],
  [counter, { ...gauge, name: 'app_jobs_created' }, 'app_jobs_created'],
  [gauge, { ...gauge, name: 'app_Jobs_waiting' }, 'app_jobs_waiting'],
] as Array<[MetricDefinition, MetricDefinition, string]>)('after %o, %o cannot be declared', (first, second, name) => {
  const registry = new MetricsRegistry().declare(first)
  expect(() => registry.declare(second)).toThrow(
    `metric "${second.name}": exporters write ${name} for this metric and for ${first.name}: use another name`,
  )
  expect(registry.declare(first)).toBe(registry)
})

test("a metric cannot be declared with the name of a series of Wombat's own", () => {
  for (const name of ['db_get_latency_seconds_count', 'db_get_latency_seconds_bucket', 'DB_cache_bytes'])
    expect(declaring({ ...gauge, name })).toThrow(/exporters write db_/)
})

test('a rejected metric is not declared afterwards', () => {
  const registry = new MetricsRegistry()
  expect(() => registry.declare({ ...histogram, bounds: [] })).toThrow(RangeError)
  expect(() => registry.histogram(histogram.name)).toThrow(/is not declared/)
})

test('declaring an equal definition again changes nothing', () => {
  const registry = new MetricsRegistry().declare(histogram)
  registry.recordHistogram(histogram.name, 0.5)
  expect(registry.declare({ ...histogram, attributes: ['queue'], bounds: [0.1, 1] })).toBe(registry)
  expect(registry.histogram(histogram.name).snapshot().count).toBe(1)
})

const changes: Record<string, Partial<MetricDefinition>> = {
  kind: { kind: 'summary' },
  unit: { unit: '1' },
  description: { description: 'Something else.' },
  attributes: { attributes: ['queue', 'worker'] },
  bounds: { bounds: [0.1, 2] },
}

for (const [field, change] of Object.entries(changes)) {
  test(`declaring a name again with a different ${field} is rejected, and the message shows both values`, () => {
    const registry = new MetricsRegistry().declare(histogram)
    const message = new RegExp(`^metric app_job_seconds is already declared with ${field} .+, got .+: use another name$`)
    expect(() => registry.declare({ ...histogram, ...change })).toThrow(message)
  })
}

test('a name of the catalog cannot have another definition', () => {
  const taken = { ...counter, name: 'db_get_operations_total' }
  expect(declaring(taken)).toThrow(/db_get_operations_total is already declared with unit "{operation}", got "{job}"/)
})

test('a declaration keeps its labels and bounds if the given arrays change', () => {
  const [attributes, bounds] = [['queue'], [0.1, 1]]
  const registry = new MetricsRegistry().declare({ ...histogram, attributes, bounds })
  attributes.push('worker')
  bounds.push(10)
  expect(() => registry.histogram(histogram.name, { worker: 'a' })).toThrow(/unknown label "worker"/)
  registry.recordHistogram(histogram.name, 0.5)
  expect([...registry.families()].map(({ definition }) => definition)).toEqual([histogram])
})
