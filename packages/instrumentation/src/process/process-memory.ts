import { totalmem } from 'node:os'
import { getHeapStatistics } from 'node:v8'
import type { MetricsRegistry } from '../registry/registry.ts'
import { type ControlGroupMemory, readControlGroupMemory } from './control-group.ts'

/** How many have asked for the memory of the process in a registry, and how to stop. */
interface Collection {
  users: number
  readonly stop: () => void
}

const collections = new WeakMap<MetricsRegistry, Collection>()

/**
 * Collects the memory of this process, to compare the memory of stores with. Several calls for one registry collect it once. Returns a
 * function that stops it and, after the last one, removes the gauges.
 */
export function collectProcessMemory(registry: MetricsRegistry): () => void {
  const collection = collections.get(registry) ?? { users: 0, stop: startCollection(registry) }
  collections.set(registry, collection)
  collection.users++
  let isStopped = false
  return () => {
    if (isStopped) return
    isStopped = true
    if (--collection.users > 0) return
    collections.delete(registry)
    collection.stop()
  }
}

function startCollection(registry: MetricsRegistry): () => void {
  let memory: ProcessMemory | undefined
  let group: ControlGroupMemory | undefined
  const removals = [
    registry.collectors.add(() => {
      memory = readProcessMemory()
      group = readControlGroupMemory()
    }),
    registry.gauge('wombat_process_resident_memory_bytes').observe(() => memory?.residentBytes),
    registry.gauge('wombat_process_heap_used_bytes').observe(() => memory?.heapUsedBytes),
    registry.gauge('wombat_process_external_memory_bytes').observe(() => memory?.externalBytes),
    registry.gauge('wombat_process_array_buffer_bytes').observe(() => memory?.arrayBufferBytes),
    registry.gauge('wombat_process_group_memory_bytes').observe(() => group?.usedBytes),
    registry.gauge('wombat_process_memory_limit_bytes').observe(() => processMemoryLimit(group)),
  ]
  return () => {
    for (const remove of removals) remove()
  }
}

/** The memory of a process in bytes. */
export interface ProcessMemory {
  /** Undefined if the system does not report it: on Linux it is read from `/proc`. */
  readonly residentBytes: number | undefined
  readonly heapBytes: number
  readonly heapUsedBytes: number
  readonly externalBytes: number
  /** Undefined as `residentBytes` is. */
  readonly arrayBufferBytes: number | undefined
}

/** Reads the memory of this process. */
export function readProcessMemory(): ProcessMemory {
  try {
    const { rss, heapTotal, heapUsed, external, arrayBuffers } = process.memoryUsage()
    return {
      residentBytes: rss,
      heapBytes: heapTotal,
      heapUsedBytes: heapUsed,
      externalBytes: external,
      arrayBufferBytes: arrayBuffers,
    }
  } catch {
    const { total_heap_size: heapBytes, used_heap_size: heapUsedBytes, external_memory: externalBytes } = getHeapStatistics()
    return { residentBytes: undefined, heapBytes, heapUsedBytes, externalBytes, arrayBufferBytes: undefined }
  }
}

/** Returns the memory limit of this process in bytes: that of its control group, but at most the memory of the machine. */
export function processMemoryLimit(group: ControlGroupMemory | undefined): number {
  // If the control group cannot be read, the limit that Node reports for the process is used.
  const limit = group?.limitBytes ?? process.constrainedMemory()
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
