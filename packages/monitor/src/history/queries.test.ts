import { expect, test } from 'vitest'
import { runAtOnce } from '../time/time-slices.ts'
import { divide, sumBy } from './queries.ts'

const values = [
  { labels: { store: 'orders', level: '0' }, value: 1 },
  { labels: { store: 'orders', level: '1' }, value: 2 },
  { labels: { store: 'users', level: '0' }, value: 4 },
]

test('values are added up by labels, and stay as they are without any', () => {
  expect(runAtOnce(sumBy(values, ['store']))).toEqual([
    { labels: { store: 'orders' }, value: 3 },
    { labels: { store: 'users' }, value: 4 },
  ])
  expect(runAtOnce(sumBy(values, undefined))).toEqual(values)
})

test('values are divided by the value with the same labels', () => {
  const divisors = [
    { labels: { store: 'orders' }, value: 2 },
    { labels: { store: 'users' }, value: 0 },
  ]
  expect(runAtOnce(divide(runAtOnce(sumBy(values, ['store'])), divisors))).toEqual([
    { labels: { store: 'orders' }, value: 1.5 },
    { labels: { store: 'users' }, value: Number.POSITIVE_INFINITY },
  ])
  expect(runAtOnce(divide(values, divisors))).toEqual([])
})
