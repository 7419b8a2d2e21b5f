import { totalmem } from 'node:os'
import type { MetricsRegistry } from '../registry/registry.ts'
import { type ControlGroupMemory, readControlGroupMemory } from './control-group.ts'

/**
 * Asks for the memory of this process before each collection: what a store's cache and its engine's memory are to be held
 * against. Once for a process, not for each store. Returns the way back.
 */
export function collectProcessMemory(registry: MetricsRegistry): () => void {
  let memory: NodeJS.MemoryUsage | undefined
  let group: ControlGroupMemory | undefined
  const back = [
    registry.collectors.add(() => {
      memory = process.memoryUsage()
      group = readControlGroupMemory()
    }),
    registry.gauge('wombat_process_resident_memory_bytes').observe(() => memory?.rss, 'max'),
    registry.gauge('wombat_process_heap_used_bytes').observe(() => memory?.heapUsed, 'max'),
    registry.gauge('wombat_process_external_memory_bytes').observe(() => memory?.external, 'max'),
    registry.gauge('wombat_process_array_buffer_bytes').observe(() => memory?.arrayBuffers, 'max'),
    registry.gauge('wombat_process_group_memory_bytes').observe(() => group?.usedBytes, 'max'),
    registry.gauge('wombat_process_memory_limit_bytes').observe(() => processMemoryLimit(group), 'max'),
  ]
  return () => {
    for (const step of back) step()
  }
}

/** Without a limit of its own, or with one above it, the process may use what the machine has. In bytes. */
export function processMemoryLimit(group: ControlGroupMemory | undefined): number {
  // What Node says is the limit of the whole program where its group cannot be read.
  const limit = group?.limitBytes ?? process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
