import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import { EngineCount } from './lsm-metrics.ts'

const counter = () => new MetricsRegistry().counter('db_cache_hits_total', { store: 'orders' })

test('what the engine counts is added as it grows', () => {
  const cell = counter()
  const hits = new EngineCount(cell, 0)
  for (const value of [3, 3, 10]) hits.update(value)
  expect(cell.value).toBe(10)
})

test('of an engine that was open already, what it had counted is not added', () => {
  const cell = counter()
  const hits = new EngineCount(cell)
  for (const value of [1000, 1001]) hits.update(value)
  expect(cell.value).toBe(1)
})

test('opened again the engine begins at 0, and the counter goes on', () => {
  const cell = counter()
  new EngineCount(cell, 0).update(7)
  new EngineCount(cell, 0).update(2)
  expect(cell.value).toBe(9)
})

test('less than before, or nothing, changes nothing and is not added again', () => {
  const cell = counter()
  const hits = new EngineCount(cell, 0)
  for (const value of [5, 4, undefined, 5, 6]) hits.update(value)
  expect(cell.value).toBe(6)
})
