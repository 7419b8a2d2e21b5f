import { type MetricFamily, MetricsRegistry } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { KeptSeries } from './kept-series.ts'

test('a pass ends although in its pauses more series appear than it reads', () => {
  const registry = new MetricsRegistry()
  const kept = new KeptSeries((series) => ({ series }))
  const add = (store: number): void => registry.incrementCounter('db_get_operations_total', 1, { store: `${store}` })
  for (let store = 0; store < 10; store++) add(store)
  const [family] = [...registry.families()] as [MetricFamily]
  let read = 0
  for (const { series } of kept.of(family)) {
    registry.forget(series.labels['store'] ?? '')
    add(1000 + read)
    if (++read > 100) break
  }
  expect(read).toBe(10)
})

test('what is kept of a series stays the same while others appear and are forgotten', () => {
  const registry = new MetricsRegistry()
  let created = 0
  const kept = new KeptSeries((series) => ({ series, id: created++ }))
  for (let store = 0; store < 100; store++) registry.incrementCounter('db_get_operations_total', 1, { store: `${store}` })
  const [family] = [...registry.families()] as [MetricFamily]
  const read = () => new Map([...kept.of(family)].map(({ series, id }) => [series.labels['store'], id]))
  const before = read()
  expect(before.size).toBe(100)
  for (const store of ['0', '41', '42', '99']) registry.forget(store)
  registry.incrementCounter('db_get_operations_total', 1, { store: 'new' })
  const after = read()
  expect([...after.keys()]).toEqual([...family.series.values()].map(({ labels }) => labels['store']))
  for (const [store, id] of after) expect(id).toBe(before.get(store) ?? 100)
  expect(created).toBe(101)
})
