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

test('the memory of the process is what Node says of it, and buffers are part of what lies outside the heap', async () => {
  const registry = new MetricsRegistry()
  collectProcessMemory(registry)
  const buffer = Buffer.alloc(50_000_000)
  const seen = await memory(registry)
  const said = process.memoryUsage()
  const near = (name: string, bytes: number): void =>
    expect(Math.abs((seen[name] ?? Number.NaN) - bytes), name).toBeLessThan(20_000_000)
  near('resident_memory_bytes', said.rss)
  near('heap_used_bytes', said.heapUsed)
  near('external_memory_bytes', said.external)
  near('array_buffer_bytes', said.arrayBuffers)
  expect(seen['array_buffer_bytes']).toBeGreaterThanOrEqual(buffer.length)
  expect(seen['external_memory_bytes']).toBeGreaterThanOrEqual(seen['array_buffer_bytes'] ?? Number.NaN)
})

test.runIf(readControlGroupMemory() !== undefined)('the memory of the control group is there where there is one', async () => {
  const registry = new MetricsRegistry()
  collectProcessMemory(registry)
  const seen = await memory(registry)
  const said = readControlGroupMemory()
  expect(Math.abs((seen['group_memory_bytes'] ?? Number.NaN) - (said?.usedBytes ?? Number.NaN))).toBeLessThan(500_000_000)
  expect(seen['memory_limit_bytes']).toBe(Math.min(said?.limitBytes ?? Number.POSITIVE_INFINITY, totalmem()))
})

test('watched twice it is the same memory, and at the end it is gone', async () => {
  const registry = new MetricsRegistry()
  const back = [collectProcessMemory(registry), collectProcessMemory(registry)]
  expect((await memory(registry))['resident_memory_bytes']).toBeLessThan(1.5 * process.memoryUsage().rss)
  back[0]?.()
  expect(await memory(registry)).toHaveProperty('heap_used_bytes')
  back[1]?.()
  expect(await memory(registry)).toEqual({})
})
