import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import { EngineCount } from './engine-count.ts'

const createCounter = () => new MetricsRegistry().counter('db_cache_hits_total', { store: 'orders' })

test('growth of an engine count is added to the counter', () => {
  const counter = createCounter()
  const hits = new EngineCount(counter, 0)
  for (const value of [3, 3, 10]) hits.update(value)
  expect(counter.value).toBe(10)
})

test('without an initial value, the first value adds nothing', () => {
  const counter = createCounter()
  const hits = new EngineCount(counter)
  for (const value of [1000, 1001]) hits.update(value)
  expect(counter.value).toBe(1)
})

test('after another opening the engine counts from 0, and the counter continues', () => {
  const counter = createCounter()
  new EngineCount(counter, 0).update(7)
  new EngineCount(counter, 0).update(2)
  expect(counter.value).toBe(9)
})

test('a lower value, or none, adds nothing, and the recovery adds nothing twice', () => {
  const counter = createCounter()
  const hits = new EngineCount(counter, 0)
  for (const value of [5, 4, undefined, 5, 6]) hits.update(value)
  expect(counter.value).toBe(6)
})
