import { expect, test } from 'vitest'
import { TimeSeries } from '../../history/memory/time-series.ts'
import { defaultHealthBounds as bounds } from '../bounds.ts'
import { evaluateMemory, type MemorySnapshot, storesMemory } from './memory-usage.ts'

const memory: MemorySnapshot = {
  residentBytes: 500,
  limitBytes: 1000,
  group: undefined,
  heapBytes: 100,
  externalBytes: 100,
  storesBytes: 0,
}

test.each([
  [799, 'healthy', 'healthy', 'Sufficient memory available', 800],
  [800, 'healthy', 'degraded', 'High memory usage', 800],
  [750, 'degraded', 'degraded', 'High memory usage', 750],
  [749, 'degraded', 'healthy', 'Sufficient memory available', 800],
  [900, 'healthy', 'unhealthy', 'Very high memory usage', 900],
  [860, 'unhealthy', 'unhealthy', 'Very high memory usage', 850],
  [970, 'healthy', 'critical', 'Memory is almost exhausted', 970],
  [930, 'critical', 'critical', 'Memory is almost exhausted', 920],
  [910, 'critical', 'unhealthy', 'Very high memory usage', 850],
] as const)('%i of 1000 bytes, previously %s: %s', (residentBytes, previous, status, message, bound) => {
  const finding = evaluateMemory({ ...memory, residentBytes }, bounds, previous)
  expect(finding).toMatchObject({ status, message, observed: { value: residentBytes, unit: 'By' } })
  expect(finding.observed?.bound).toBeCloseTo(bound)
})

test('the group counts if it is closer to its limit than the process, or if only it has a limit', () => {
  const group = { usedBytes: 1900, limitBytes: 2000 }
  const observed = { value: 1900, series: { metric: 'wombat_process_group_memory_bytes' } }
  expect(evaluateMemory({ ...memory, group }, bounds, 'healthy')).toMatchObject({ status: 'unhealthy', observed })
  expect(evaluateMemory({ ...memory, residentBytes: 980, group }, bounds, 'healthy')).toMatchObject({
    status: 'critical',
    observed: { value: 980, series: { metric: 'wombat_process_resident_memory_bytes' } },
  })
  expect(evaluateMemory({ ...memory, limitBytes: undefined, group }, bounds, 'healthy')).toMatchObject({ observed })
})

test.each([
  ['stores', { storesBytes: 600 }],
  ['heap', { heapBytes: 600 }],
  ['external', { externalBytes: 600 }],
  ['native', {}],
  ['other_processes', { group: { usedBytes: 4900, limitBytes: 5000 } }],
])('the reason is the largest part: %s', (reason, parts) => {
  expect(evaluateMemory({ ...memory, residentBytes: 900, ...parts }, bounds, 'healthy').reason).toBe(reason)
})

test('the memory of stores is what their engines report, as a total or in parts', () => {
  const history = new TimeSeries()
  const sample = (name: string, store: string, value: number) => ({
    series: { name, labels: { store }, isCounter: false },
    value,
  })
  history.append(1000, [
    sample('db_total_memory_bytes', 'a', 100),
    sample('db_cache_bytes', 'a', 60),
    sample('db_cache_bytes', 'b', 20),
    sample('db_memtable_bytes', 'b', 3),
  ])
  expect(storesMemory(history, 1000)).toBe(123)
})
