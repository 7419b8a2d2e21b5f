import { expect, test } from 'vitest'
import { createCanary } from './canary.ts'
import { compare } from './compare.ts'
import { describeProblems } from './messages.ts'
import type { ExpectedSeries, Sample } from './series.ts'

const { id, expected } = createCanary()
const unchanged: readonly Sample[] = expected.map(({ name, labels, value = 0 }) => ({
  name,
  labels: { ...labels, job: 'x' },
  value,
}))
const problems = (samples: readonly Sample[], series: readonly ExpectedSeries[] = expected) =>
  describeProblems(compare(id, series, samples).changes, 'Advice.')

/** Returns the samples of the canary with one of them changed. */
const withChange = (name: string, change: (sample: Sample) => Sample): Sample[] =>
  unchanged.map((sample) => (sample.name === name ? change(sample) : sample))

test('labels that a backend adds are not a change', () => {
  expect(compare(id, expected, unchanged).changes).toEqual([])
})

test('series of other stores are not taken for the canary', () => {
  const others = unchanged.map((sample) => ({ ...sample, labels: { ...sample.labels, store: 'orders' }, value: 1 }))
  expect(compare(id, expected, others).changes.map(({ kind }) => kind)).toEqual(expected.map(() => 'lost'))
})

test('lost series are reported in one message with advice', () => {
  expect(problems([])).toEqual([`lost: ${expected.map(({ name }) => name).join(', ')}. Advice.`])
})

test('a changed value is reported with the original', () => {
  const samples = withChange('db_get_latency_seconds_sum', (sample) => ({ ...sample, value: sample.value * 1000 }))
  expect(problems(samples)).toEqual([
    'db_get_latency_seconds_sum was sent as 0.5322265625 and arrived as 532.2265625. Check for an aggregation, a unit conversion or a conversion from cumulative to delta.',
  ])
})

test('a value rounded to twelve digits is unchanged', () => {
  const samples = withChange('db_get_latency_seconds_sum', (sample) => ({ ...sample, value: sample.value * (1 + 4e-12) }))
  expect(compare(id, expected, samples).changes).toEqual([])
})

test('advice for a label that the scrape overrides is honor_labels', () => {
  const samples = withChange('db_level_bytes', ({ labels: { store = '', ...labels }, ...sample }) => {
    return { ...sample, labels: { ...labels, store: 'collector', exported_store: store } }
  })
  expect(problems(samples)).toEqual([
    'the label store of db_level_bytes was renamed to exported_store. The scrape sets a label of the same name: set honor_labels: true in its scrape_configs.',
  ])
})

test('a changed label value is reported', () => {
  const samples = withChange('db_level_bytes', (sample) => ({ ...sample, labels: { ...sample.labels, level: 'L0' } }))
  expect(problems(samples)[0]).toContain('the label level of db_level_bytes was changed to "L0".')
})

test('the next hop expects a series as the previous one returned it', () => {
  const samples = unchanged.map((sample) => ({ ...sample, name: `acme_${sample.name}` }))
  const { arrived } = compare(id, expected, samples)
  expect(compare(id, arrived, samples).changes).toEqual([])
  expect(compare(id, arrived, unchanged).changes.map(({ kind }) => kind)).toEqual(expected.map(() => 'renamed'))
})

test('two canaries are not taken for each other', () => {
  const other = createCanary()
  expect(other.id).not.toBe(id)
  expect(compare(other.id, other.expected, unchanged).changes.every(({ kind }) => kind === 'lost')).toBe(true)
})
