import { expect, test } from 'vitest'
import { newCanary } from './canary.ts'
import { compare } from './compare.ts'
import type { ExpectedSeries } from './expected-series.ts'
import { describeHop } from './messages.ts'
import type { Sample } from './sample.ts'

const { id, expected } = newCanary()
const asGiven: readonly Sample[] = expected.map(({ name, labels, value = 0 }) => ({
  name,
  labels: { ...labels, job: 'x' },
  value,
}))
const said = (found: readonly Sample[], given: readonly ExpectedSeries[] = expected) =>
  describeHop(compare(id, given, found).changes, 'Look.')

/** The canary with one series changed. */
const changed = (name: string, change: (sample: Sample) => Sample): Sample[] =>
  asGiven.map((sample) => (sample.name === name ? change(sample) : sample))

test('labels that a backend adds are no change', () => {
  expect(compare(id, expected, asGiven).changes).toEqual([])
})

test('series of others are none of the canary', () => {
  const others = asGiven.map((sample) => ({ ...sample, labels: { ...sample.labels, store: 'orders' }, value: 1 }))
  expect(compare(id, expected, others).changes.map(({ kind }) => kind)).toEqual(expected.map(() => 'lost'))
})

test('what is lost is named once, with where to look', () => {
  expect(said([])).toEqual([`lost: ${expected.map(({ name }) => name).join(', ')}. Look.`])
})

test('a value that is another one is told with both', () => {
  const found = changed('db_get_latency_seconds_sum', (sample) => ({ ...sample, value: sample.value * 1000 }))
  expect(said(found)).toEqual([
    'db_get_latency_seconds_sum is 532.2265625 here, and was sent as 0.5322265625. Look for an aggregation, a conversion of units or of cumulative to delta.',
  ])
})

test('a value rounded to twelve digits is the same', () => {
  const found = changed('db_get_latency_seconds_sum', (sample) => ({ ...sample, value: sample.value * (1 + 4e-12) }))
  expect(compare(id, expected, found).changes).toEqual([])
})

test('a label that the scrape covered with its own is advised on', () => {
  const found = changed('db_level_bytes', ({ labels: { store = '', ...labels }, ...sample }) => {
    return { ...sample, labels: { ...labels, store: 'collector', exported_store: store } }
  })
  expect(said(found)).toEqual([
    'the label store of db_level_bytes is called exported_store here. The scrape puts a label of its own in its place: set honor_labels: true there.',
  ])
})

test('a label of another value is told', () => {
  const found = changed('db_level_bytes', (sample) => ({ ...sample, labels: { ...sample.labels, level: 'L0' } }))
  expect(said(found)[0]).toContain('the label level of db_level_bytes is "L0" here.')
})

test('after one hop changed a series, the next is given it as it is now', () => {
  const found = asGiven.map((sample) => ({ ...sample, name: `acme_${sample.name}` }))
  const { arrived } = compare(id, expected, found)
  expect(compare(id, arrived, found).changes).toEqual([])
  expect(compare(id, arrived, asGiven).changes.map(({ kind }) => kind)).toEqual(expected.map(() => 'renamed'))
})

test('no two canaries are taken for each other', () => {
  const other = newCanary()
  expect(other.id).not.toBe(id)
  expect(compare(other.id, other.expected, asGiven).changes.every(({ kind }) => kind === 'lost')).toBe(true)
})
