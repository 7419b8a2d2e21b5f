import { metrics } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { scopeFilters, variables } from './template-variables.ts'

/** A series as Grafana hands it to a variable's regular expression. */
function seriesText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return `{${pairs.join(',')}} 1 1700000000000`
}

/** The value that the variable takes out of a series. */
function valueIn(name: string, labels: Readonly<Record<string, string>>): string | undefined {
  const pattern = variables.find((variable) => variable.name === name)?.regex.replace(/^\/|\/$/g, '') ?? '-'
  return new RegExp(pattern).exec(seriesText(labels))?.[1]
}

test('a service is read from whichever label its route gives', () => {
  expect(valueIn('service', { job: 'shop/orders' })).toBe('shop/orders')
  expect(valueIn('service', { service_name: 'orders' })).toBe('orders')
  expect(valueIn('service', { job: 'shop/orders', service_name: 'orders' })).toBe('orders')
  expect(valueIn('service', {})).toBeUndefined()
})

test('an instance is read from whichever label its route gives', () => {
  expect(valueIn('instance', { instance: '10.0.0.1:9464' })).toBe('10.0.0.1:9464')
  expect(valueIn('instance', { service_instance_id: 'b1946ac9' })).toBe('b1946ac9')
  expect(valueIn('instance', { instance: 'b1946ac9', service_instance_id: 'b1946ac9' })).toBe('b1946ac9')
})

test('a store is read as it is', () => {
  expect(valueIn('store', { store: 'orders of "2026"'.replaceAll('"', '') })).toBe('orders of 2026')
})

test('every store has the metric that the variables are read from', () => {
  for (const { query } of variables) expect(query).toContain('(last_over_time(db_store_info')
  expect(metrics.db_store_info.attributes).toContain('store')
})

test('a metric of the process is not asked for a store, and one of a store always is', () => {
  expect(scopeFilters('wombat_process_heap_used_bytes')).not.toHaveProperty('store')
  expect(scopeFilters('db_queue_depth')).toMatchObject({ store: { matches: '$store' } })
})

test('what is of the process but may be of a store is shown with every store', () => {
  expect(scopeFilters('db_alerts')).toMatchObject({ store: { matches: '$store|' } })
})
