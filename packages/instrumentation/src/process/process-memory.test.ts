import { totalmem } from 'node:os'
import { expect, test } from 'vitest'
import { MetricsRegistry } from '../registry/registry.ts'
import { readControlGroupMemory } from './control-group.ts'
import { collectProcessMemory } from './process-memory.ts'

async function memory(registry: MetricsRegistry): Promise<Record<string, number>> {
  await registry.collectors.collect()
  return Object.fromEntries(
    registry.getAllMetrics().map(({ name, value }) => [name.replace('wombat_process_', ''), Number(value)]),
  )
}

test('the memory of the process is as Node reports it, and buffers are part of the external memory', async () => {
  const registry = new MetricsRegistry()
  collectProcessMemory(registry)
  const buffer = Buffer.alloc(50_000_000)
  const collected = await memory(registry)
  const reported = process.memoryUsage()
  const expectNear = (name: string, bytes: number): void =>
    expect(Math.abs((collected[name] ?? Number.NaN) - bytes), name).toBeLessThan(20_000_000)
  expectNear('resident_memory_bytes', reported.rss)
  expectNear('heap_used_bytes', reported.heapUsed)
  expectNear('external_memory_bytes', reported.external)
  expectNear('array_buffer_bytes', reported.arrayBuffers)
  expect(collected['array_buffer_bytes']).toBeGreaterThanOrEqual(buffer.length)
  expect(collected['external_memory_bytes']).toBeGreaterThanOrEqual(collected['array_buffer_bytes'] ?? Number.NaN)
})

test.runIf(readControlGroupMemory() !== undefined)('the memory of the control group is collected', async () => {
  const registry = new MetricsRegistry()
  collectProcessMemory(registry)
  const collected = await memory(registry)
  const reported = readControlGroupMemory()
  expect(Math.abs((collected['group_memory_bytes'] ?? Number.NaN) - (reported?.usedBytes ?? Number.NaN))).toBeLessThan(
    500_000_000,
  )
  expect(collected['memory_limit_bytes']).toBe(Math.min(reported?.limitBytes ?? Number.POSITIVE_INFINITY, totalmem()))
})

test('collecting twice does not add up, and at the end the gauges are absent', async () => {
  const registry = new MetricsRegistry()
  const stops = [collectProcessMemory(registry), collectProcessMemory(registry)]
  expect((await memory(registry))['resident_memory_bytes']).toBeLessThan(1.5 * process.memoryUsage().rss)
  stops[0]?.()
  expect(await memory(registry)).toHaveProperty('heap_used_bytes')
  stops[1]?.()
  expect(await memory(registry)).toEqual({})
})
