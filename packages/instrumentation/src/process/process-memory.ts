import { totalmem } from 'node:os'
import type { MetricsRegistry } from '../registry/registry.ts'
import { type ControlGroupMemory, readControlGroupMemory } from './control-group.ts'

/**
 * Collects the memory of this process, to compare the memory of stores with. Call it once for a process, not for each store.
 * Returns a function that stops it and removes the gauges.
 */
export function collectProcessMemory(registry: MetricsRegistry): () => void {
  let memory: NodeJS.MemoryUsage | undefined
  let group: ControlGroupMemory | undefined
  const removals = [
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
    for (const remove of removals) remove()
  }
}

/** Returns the memory limit of this process in bytes: that of its control group, but at most the memory of the machine. */
export function processMemoryLimit(group: ControlGroupMemory | undefined): number {
  // If the control group cannot be read, the limit that Node reports for the process is used.
  const limit = group?.limitBytes ?? process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
