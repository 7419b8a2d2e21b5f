import { expect, test } from 'vitest'
import type { CatalogMetric } from '../../api/types.ts'
import { searchMetrics } from './search-metrics.ts'

function metric(name: string, fields: Partial<CatalogMetric> = {}): CatalogMetric {
  return { name, kind: 'counter', labels: ['store'], series: 1, ...fields }
}

const metrics = [
  metric('db_bloom_useful_total', { series: 0, description: 'Lookups that a bloom filter answered.' }),
  metric('db_budget_bytes', { kind: 'gauge', unit: 'By' }),
  metric('db_get_latency_seconds', { kind: 'histogram', description: 'Duration of a get.' }),
  metric('db_get_operations_total'),
  metric('db_level_bytes', { kind: 'gauge', labels: ['store', 'level'] }),
]

function find(text: string): readonly string[] {
  return searchMetrics(metrics, text).map(({ name }) => name)
}

test('without a text, all metrics are found, those with series first', () => {
  expect(find(' ')).toEqual([
    'db_budget_bytes',
    'db_get_latency_seconds',
    'db_get_operations_total',
    'db_level_bytes',
    'db_bloom_useful_total',
  ])
})

test('every word must be in the name, the description, the kind or a label', () => {
  expect(find('get duration')).toEqual(['db_get_latency_seconds'])
  expect(find('gauge level')).toEqual(['db_level_bytes'])
  expect(find('bloom')).toEqual(['db_bloom_useful_total'])
  expect(find('nothing')).toEqual([])
})

test('the whole name comes first, then names with a part that begins with the text', () => {
  expect(find('db_get_operations_total')).toEqual(['db_get_operations_total'])
  expect(find('get')).toEqual(['db_get_latency_seconds', 'db_get_operations_total', 'db_budget_bytes'])
})
