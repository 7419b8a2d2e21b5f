import { metrics } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { scopeMatchers, variables } from './template-variables.ts'

/** Returns a series as Grafana passes it to a variable's regular expression. */
function seriesText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return `{${pairs.join(',')}} 1 1700000000000`
}

/** Returns the value that a variable extracts from a series. */
function extractValue(name: string, labels: Readonly<Record<string, string>>): string | undefined {
  const pattern = variables.find((variable) => variable.name === name)?.regex.replace(/^\/|\/$/g, '') ?? '-'
  return new RegExp(pattern).exec(seriesText(labels))?.[1]
}

test('the service is extracted from the label that the route sets', () => {
  expect(extractValue('service', { job: 'shop/orders' })).toBe('shop/orders')
  expect(extractValue('service', { service_name: 'orders' })).toBe('orders')
  expect(extractValue('service', { job: 'shop/orders', service_name: 'orders' })).toBe('orders')
  expect(extractValue('service', {})).toBeUndefined()
})

test('the instance is extracted from the label that the route sets', () => {
  expect(extractValue('instance', { instance: '10.0.0.1:9464' })).toBe('10.0.0.1:9464')
  expect(extractValue('instance', { service_instance_id: 'b1946ac9' })).toBe('b1946ac9')
  expect(extractValue('instance', { instance: 'b1946ac9', service_instance_id: 'b1946ac9' })).toBe('b1946ac9')
})

test('the store is extracted unchanged', () => {
  expect(extractValue('store', { store: 'orders of "2026"'.replaceAll('"', '') })).toBe('orders of 2026')
})

test('the variables query a metric that every store has', () => {
  for (const { query } of variables) expect(query).toContain('(last_over_time(db_store_info')
  expect(metrics.db_store_info.attributes).toContain('store')
})

test('only metrics with a store label are filtered by store', () => {
  expect(scopeMatchers('wombat_process_heap_used_bytes')).not.toHaveProperty('store')
  expect(scopeMatchers('db_queue_depth')).toMatchObject({ store: { matches: '$store' } })
})

test('alerts of the whole process are shown for every selected store', () => {
  expect(scopeMatchers('db_alerts')).toMatchObject({ store: { matches: '$store|' } })
})
