import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { DatabaseMetrics, MetricsRegistry, type Semconv } from '@wombat/instrumentation'
import { fromJsonValue } from '@wombat/test-support/json-samples'
import { recordMixedLoad } from '@wombat/test-support/mixed-load'
import { expect, test } from 'vitest'
import { SnapshotReader } from '../../collection/snapshot-reader.ts'
import { type JsonMetric, jsonMetrics } from '../json.ts'
import { prometheusText } from './prometheus-text.ts'

interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

interface Family {
  readonly type: string
  readonly help: string
  readonly samples: Sample[]
}

const helpLine = /^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) ((?:[^\\]|\\\\|\\n)*)$/
const typeLine = /^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram|summary|untyped)$/
const comment = /^#(?! (HELP|TYPE) )/
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y

/** Parses Prometheus text 0.0.4 strictly: invalid and duplicate lines are errors. */
function parse(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, Family>()
  const seen = new Set<string>()
  let help: [name: string, text: string] | undefined
  let current = ''
  for (const line of text.split('\n')) {
    const [, helpOf, helpText = ''] = helpLine.exec(line) ?? []
    const [, typeOf, type = ''] = typeLine.exec(line) ?? []
    if (helpOf !== undefined) {
      help = [helpOf, helpText]
    } else if (typeOf !== undefined) {
      if (help?.[0] !== typeOf || families.has(typeOf)) throw new Error(`a type without help, or twice: ${line}`)
      families.set(typeOf, { type, help: unescaped(help[1]), samples: [] })
      current = typeOf
    } else if (line !== '' && !comment.test(line)) {
      const sample = parseSample(line)
      const family = families.get(current)
      const suffixes = family?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      if (!suffixes.some((suffix) => sample.name === `${current}${suffix}`)) throw new Error(`not in its family: ${line}`)
      const id = JSON.stringify([sample.name, Object.entries(sample.labels).toSorted()])
      if (seen.has(id)) throw new Error(`a series twice: ${line}`)
      seen.add(id)
      family?.samples.push(sample)
    }
  }
  return families
}

function parseSample(line: string): Sample {
  const [, name, inside = '', number = ''] = sampleLine.exec(line) ?? []
  if (name === undefined) throw new Error(`no sample: ${line}`)
  const labels: Record<string, string> = {}
  label.lastIndex = 0
  while (label.lastIndex < inside.length) {
    const [, key, value = ''] = label.exec(inside) ?? []
    if (key === undefined || key in labels) throw new Error(`labels cannot be read: ${line}`)
    labels[key] = unescaped(value)
  }
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) }
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character))
}

/** Returns the Prometheus samples of one metric of the JSON API. Only Prometheus has the buckets of a summary. */
function createSamples(metric: JsonMetric): Sample[] {
  const { name, labels: given } = metric
  const labels = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, String(value)]))
  if ('value' in metric) return [{ name, labels, value: fromJsonValue(metric.value) }]
  return [
    { name: `${name}_count`, labels, value: metric.count },
    { name: `${name}_sum`, labels, value: fromJsonValue(metric.sum) },
    ...(metric.buckets ?? []).map(({ le, count }) => ({
      name: `${name}_bucket`,
      labels: { ...labels, le: String(le) },
      value: count,
    })),
  ]
}

function sorted(samples: readonly Sample[]): Sample[] {
  const seriesId = ({ name, labels }: Sample) => JSON.stringify([name, Object.entries(labels).toSorted()])
  return samples.toSorted((one, other) => (seriesId(one) < seriesId(other) ? -1 : 1))
}

function monitored(semconv: Semconv = 'wombat') {
  const registry = new MetricsRegistry({ semconv })
  const reader = new SnapshotReader()
  const resource = resourceFromAttributes({ 'service.name': 'shop "eu"' })
  const meter = new MeterProvider({ resource, readers: [reader] }).getMeter('application')
  reader.follow(registry)
  return { registry, meter, take: () => reader.take() }
}

for (const seed of [1, 2]) {
  test(`every value of the text is that of the JSON and of the registry (load ${seed})`, async () => {
    const { registry, take } = monitored()
    recordMixedLoad(registry, seed)
    const snapshot = await take()
    const families = parse(prometheusText(snapshot, 'wombat'))
    const json = jsonMetrics(snapshot, 'wombat')
    families.delete('target_info')
    const inText = [...families.values()].flatMap(({ samples }) => samples)
    const ofSummaries = new Set(json.flatMap(({ name, type }) => (type === 'summary' ? [`${name}_bucket`] : [])))
    expect(sorted(inText.filter(({ name }) => !ofSummaries.has(name)))).toEqual(sorted(json.flatMap(createSamples)))
    expect(inText.length).toBeGreaterThan(600)
    for (const { name, type, labels, value } of registry.getAllMetrics()) {
      // Recorded by the collection after it read the registry.
      if (name.startsWith('wombat_monitor_')) continue
      const family = families.get(name)
      expect(family?.type).toBe(type === 'summary' ? 'histogram' : type)
      const shown = (suffix: string, more: object = {}) =>
        family?.samples.find((sample) => sample.name === `${name}${suffix}` && same(sample.labels, { ...labels, ...more }))?.value
      if (typeof value === 'number') {
        expect(shown('')).toBe(value)
        continue
      }
      expect([shown('_count'), shown('_sum')]).toEqual([value.count, value.sum])
      for (const { le, count } of 'buckets' in value ? value.buckets : []) {
        expect(shown('_bucket', { le: le === Number.POSITIVE_INFINITY ? '+Inf' : String(le) })).toBe(count)
      }
    }
  })
}

function same(one: object, other: object): boolean {
  return JSON.stringify(Object.entries(one).toSorted()) === JSON.stringify(Object.entries(other).toSorted())
}

test('buckets are cumulative, and the last one has the total count', async () => {
  const { registry, take } = monitored()
  recordMixedLoad(registry, 3)
  for (const [name, { type, samples }] of parse(prometheusText(await take(), 'wombat'))) {
    if (type !== 'histogram') continue
    const series = Map.groupBy(samples, ({ labels: { le, ...others } }) => JSON.stringify(others))
    for (const ofOne of series.values()) {
      const buckets = ofOne.filter((sample) => sample.name === `${name}_bucket`)
      const counts = buckets.map(({ value }) => value)
      expect(counts).toEqual(counts.toSorted((a, b) => a - b))
      expect(buckets.at(-1)?.labels['le']).toBe('+Inf')
      expect(counts.at(-1)).toBe(ofOne.find((sample) => sample.name === `${name}_count`)?.value)
    }
  }
})

test('quotes, backslashes and line breaks in a label are escaped', async () => {
  const { registry, take } = monitored()
  const store = 'a "b" \\c\\n\nd'
  registry.incrementCounter('db_get_operations_total', 1, { store })
  const text = prometheusText(await take(), 'wombat')
  expect(text).toContain('db_get_operations_total{store="a \\"b\\" \\\\c\\\\n\\nd"} 1\n')
  expect(parse(text).get('db_get_operations_total')?.samples).toEqual([
    { name: 'db_get_operations_total', labels: { store }, value: 1 },
  ])
})

test('backslashes and line breaks in a description are escaped', async () => {
  const { registry, take } = monitored()
  const description = 'Files in C:\\temp\nand below.'
  registry.declare({ name: 'cart_files', kind: 'gauge', unit: '{file}', description, attributes: [] }).setGauge('cart_files', 1)
  expect(parse(prometheusText(await take(), 'wombat')).get('cart_files')).toMatchObject({ type: 'gauge', help: description })
})

test('the histogram of the semantic conventions has its unit in the name, and labels without dots', async () => {
  const { registry, take } = monitored('both')
  new DatabaseMetrics(registry, { store: 'orders', engine: 'leveldb' }).recordGet(500_000_000, true)
  const families = parse(prometheusText(await take(), 'both'))
  const labels = { db_system_name: 'leveldb', db_namespace: 'orders', db_operation_name: 'get' }
  const duration = families.get('db_client_operation_duration_seconds')
  expect(duration?.type).toBe('histogram')
  expect(duration?.samples).toContainEqual({ name: 'db_client_operation_duration_seconds_sum', labels, value: 0.5 })
  expect([...families.keys()].filter((name) => name.startsWith('db_client_'))).toEqual(['db_client_operation_duration_seconds'])
  expect(families.get('db_get_operations_total')?.samples).toMatchObject([{ value: 1 }])
})

const shown: ReadonlyArray<[semconv: Semconv, convention: boolean, wombat: boolean]> = [
  ['wombat', false, true],
  ['otel', true, false],
  ['both', true, true],
]
for (const [semconv, convention, wombat] of shown) {
  test(`with semconv ${semconv} the text ${wombat ? 'has' : 'leaves out'} db_get_..., and has all other metrics`, async () => {
    const { registry, take } = monitored(semconv)
    const database = new DatabaseMetrics(registry, { store: 'orders' })
    database.recordGet(500_000_000, true)
    database.updateMemoryUsage(1, 2)
    const names = [...parse(prometheusText(await take(), semconv)).keys()]
    expect(names.some((name) => name.startsWith('db_get_'))).toBe(wombat)
    expect(names.includes('db_client_operation_duration_seconds')).toBe(convention)
    expect(names).toContain('db_memtable_bytes')
  })
}

test('a series has only its own labels; the resource is in target_info', async () => {
  const { registry, take } = monitored()
  registry.incrementCounter('db_get_operations_total', 1, { store: 'orders' })
  const families = parse(prometheusText(await take(), 'wombat'))
  expect(families.get('db_get_operations_total')?.samples[0]?.labels).toEqual({ store: 'orders' })
  expect(families.get('target_info')?.samples).toEqual([{ name: 'target_info', labels: { service_name: 'shop "eu"' }, value: 1 }])
})

test('a text without metrics is valid', async () => {
  const { take } = monitored()
  expect([...parse(prometheusText(await take(), 'wombat')).keys()]).toEqual(['target_info'])
})

test('metrics of the application have the names that Prometheus gives them', async () => {
  const { meter, take } = monitored()
  meter.createCounter('app.requests').add(2, { 'http.route': '/' })
  meter.createObservableGauge('app.temperature').addCallback((result) => {
    result.observe(Number.NaN, { place: 'roof' })
    result.observe(Number.POSITIVE_INFINITY, { place: 'cellar' })
  })
  const families = parse(prometheusText(await take(), 'wombat'))
  expect(families.get('app_requests_total')?.samples).toMatchObject([{ labels: { http_route: '/' }, value: 2 }])
  expect(families.get('app_temperature')?.samples.map(({ value }) => value)).toEqual([Number.NaN, Number.POSITIVE_INFINITY])
})
