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

const accepted: Record<string, MetricDefinition> = {
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

for (const [what, definition] of Object.entries(accepted)) {
  test(`${what} can be declared`, () => {
    expect(declaring(definition)).not.toThrow()
  })
}

const refused: Record<string, [definition: object, complaint: RegExp]> = {
  'a name with a dot': [{ ...counter, name: 'app.jobs_total' }, /^metric "app.jobs_total": a name is letters, digits and single/],
  'a name with a dash': [{ ...counter, name: 'app-jobs_total' }, /a name is letters, digits and single underscores/],
  'a name that begins with a digit': [{ ...counter, name: '1_jobs_total' }, /beginning with a letter/],
  'a name that begins with an underscore': [{ ...counter, name: '_jobs_total' }, /beginning with a letter/],
  'a name with two underscores in a row': [{ ...counter, name: 'app__jobs_total' }, /single underscores/],
  'a name of 256 characters': [{ ...counter, name: `${'a'.repeat(250)}_total` }, /255 at most/],
  'an empty name': [{ ...counter, name: '' }, /a name is letters/],
  'no name': [{ ...counter, name: undefined }, /a name is letters/],
  'a kind there is not': [{ ...counter, kind: 'meter' }, /kind must be counter, gauge, histogram or summary, got "meter"/],
  'no description': [{ ...counter, description: '' }, /description must be a sentence/],
  milliseconds: [{ ...histogram, unit: 'ms' }, /unit must be "s", "By", "1" or an annotation .*, got "ms"/],
  'a unit that is no annotation': [{ ...counter, unit: 'jobs' }, /got "jobs": others are renamed/],
  'an empty unit': [{ ...counter, unit: '' }, /unit must be "s"/],
  'no unit': [{ ...counter, unit: undefined }, /unit must be "s".*got undefined/],
  'a gauge with unit 1': [{ ...gauge, unit: '1' }, /a gauge with unit "1" becomes ..._ratio/],
  'a counter whose name does not end in _total': [{ ...counter, name: 'app_jobs' }, /the name of a counter ends in _total/],
  'a gauge whose name ends in _total': [{ ...gauge, name: 'app_jobs_total' }, /only the name of a counter ends in _total.*gauge/],
  'a histogram whose name ends in _total': [{ ...histogram, name: 'app_seconds_total' }, /this is a histogram/],
  'a counter with total twice': [{ ...counter, name: 'app_total_jobs_total' }, /"total" at its end only/],
  'seconds that the name does not say': [{ ...histogram, name: 'app_job_time' }, /the name must end in _seconds:/],
  'seconds of a counter that the name does not say': [{ ...counter, unit: 's' }, /the name must end in _seconds_total/],
  'bytes that the name does not say': [{ ...gauge, unit: 'By' }, /the name must end in _bytes:/],
  'attributes that are no list': [{ ...counter, attributes: undefined }, /attributes must list the label keys/],
  'a label key with a dot': [{ ...counter, attributes: ['error.type'] }, /label key "error.type" must be letters, digits/],
  'a label key with two underscores before it': [{ ...counter, attributes: ['__name__'] }, /label key "__name__" must be/],
  'the label key le': [{ ...histogram, attributes: ['le'] }, /label key "le" is reserved/],
  'the label key quantile': [{ ...histogram, attributes: ['quantile'] }, /label key "quantile" is reserved/],
  'the label key of the overflow': [{ ...counter, attributes: ['otel_metric_overflow'] }, /"otel_metric_overflow" is reserved/],
  'a counter with bounds': [{ ...counter, bounds: [1] }, /bounds belong to a histogram, this is a counter/],
  'a gauge with bounds': [{ ...gauge, bounds: [1] }, /bounds belong to a histogram, this is a gauge/],
}

for (const [what, [definition, complaint]] of Object.entries(refused)) {
  test(`${what} cannot be declared, and the complaint says why`, () => {
    expect(declaring(definition)).toThrow(TypeError)
    expect(declaring(definition)).toThrow(complaint)
  })
}

test('bounds that cannot be counted apart are refused when the histogram is declared', () => {
  expect(declaring({ ...histogram, bounds: [1, 1.001] })).toThrow(RangeError)
  expect(declaring({ ...histogram, kind: 'summary', bounds: [] })).toThrow(/at least one bound/)
})

test('a metric that was refused is not known afterwards', () => {
  const registry = new MetricsRegistry()
  expect(() => registry.declare({ ...histogram, bounds: [] })).toThrow(RangeError)
  expect(() => registry.histogram(histogram.name)).toThrow(/is not declared/)
})

test('declaring the very same again changes nothing', () => {
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
  test(`declaring a name again with other ${field} is refused, and the complaint shows both`, () => {
    const registry = new MetricsRegistry().declare(histogram)
    const complaint = new RegExp(
      `^metric app_job_seconds is declared already with ${field} .+, got .+: one name has one meaning$`,
    )
    expect(() => registry.declare({ ...histogram, ...change })).toThrow(complaint)
  })
}

test('a name of the catalogue cannot be given another meaning', () => {
  const taken = { ...counter, name: 'db_get_operations_total' }
  expect(declaring(taken)).toThrow(/db_get_operations_total is declared already with unit "{operation}", got "{job}"/)
})

test('a declaration keeps its labels and bounds when the arrays it was made of change', () => {
  const [attributes, bounds] = [['queue'], [0.1, 1]]
  const registry = new MetricsRegistry().declare({ ...histogram, attributes, bounds })
  attributes.push('worker')
  bounds.push(10)
  expect(() => registry.histogram(histogram.name, { worker: 'a' })).toThrow(/has no label "worker"/)
  registry.recordHistogram(histogram.name, 0.5)
  expect([...registry.families()].map(({ definition }) => definition)).toEqual([histogram])
})
