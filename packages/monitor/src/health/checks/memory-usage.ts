import type { MetricName } from '@wombat/instrumentation'
import { type ControlGroupMemory, processMemoryLimit, readControlGroupMemory } from '@wombat/instrumentation/internal'
import type { History } from '../../history/history.ts'
import { sumNow } from '../../history/window-queries.ts'
import type { HealthBounds } from '../bounds.ts'
import type { CheckContext, Finding, Observation } from '../check.ts'
import type { HealthStatus } from '../status.ts'
import { atLeast, thresholdLevel } from './threshold-levels.ts'

/** What is in use of the memory that the process may use, in bytes. */
export interface MemoryReading {
  readonly residentBytes: number
  /**
   * What the process by itself may use: what was configured, else the machine's memory. Undefined where only its group has a
   * limit: pages that it shares with others are resident in it and may count for another group.
   */
  readonly limitBytes: number | undefined
  /** The group where it has a limit of its own: past that the kernel kills, whatever was configured. */
  readonly group: (ControlGroupMemory & { readonly limitBytes: number }) | undefined
  readonly heapBytes: number
  /** Buffers and all else outside the heap that belongs to JavaScript's objects. */
  readonly externalBytes: number
  /** What the engines of all stores say they use. */
  readonly storesBytes: number
}

export interface MemoryUsageOptions {
  readonly history: History
  readonly bounds: HealthBounds
  readonly memoryLimitBytes?: number | undefined
}

/** Whether the process, and the control group it is in, stay within their memory. */
export function runMemoryUsage({ history, bounds, memoryLimitBytes }: MemoryUsageOptions, context: CheckContext): Finding {
  const { rss, heapTotal, external } = process.memoryUsage()
  const memory = readControlGroupMemory()
  const group = memory?.limitBytes === undefined ? undefined : { ...memory, limitBytes: memory.limitBytes }
  const reading: MemoryReading = {
    residentBytes: rss,
    limitBytes: memoryLimitBytes ?? (group === undefined ? processMemoryLimit(memory) : undefined),
    group,
    heapBytes: heapTotal,
    externalBytes: external,
    storesBytes: storesMemory(history, context.nowMs),
  }
  return memoryFinding(reading, bounds, context.previousStatus)
}

/** What the engines of all stores say they use: all of it where they say so, else the parts that they tell. */
export function storesMemory(history: History, nowMs: number): number {
  const named = (metric: MetricName): string[] => history.select(metric).map(({ labels }) => labels['store'] ?? '')
  const stores = new Set(
    (['db_total_memory_bytes', 'db_cache_bytes', 'db_memtable_bytes'] as const).flatMap((metric) => named(metric)),
  )
  let bytes = 0
  for (const store of stores) {
    const now = (metric: MetricName): number | undefined => sumNow(history, metric, { store }, nowMs)
    bytes += now('db_total_memory_bytes') ?? (now('db_cache_bytes') ?? 0) + (now('db_memtable_bytes') ?? 0)
  }
  return bytes
}

const states = [
  { status: 'critical', bound: 'memoryCriticalShare', message: 'Memory is almost used up' },
  { status: 'unhealthy', bound: 'memoryUnhealthyShare', message: 'Very high memory usage' },
  { status: 'degraded', bound: 'memoryDegradedShare', message: 'High memory usage' },
] as const

/** What memory in use means. Of the process and its group, the one that is nearer to its limit counts. Pure. */
export function memoryFinding(reading: MemoryReading, bounds: HealthBounds, before: HealthStatus): Finding {
  const { residentBytes, limitBytes, group } = reading
  const own = limitBytes === undefined ? Number.NEGATIVE_INFINITY : residentBytes / limitBytes
  const isGroup = group !== undefined && group.usedBytes / group.limitBytes > own
  const used = isGroup
    ? { name: "memory of the process' control group", value: group.usedBytes, limit: group.limitBytes }
    : { name: 'memory of the process', value: residentBytes, limit: limitBytes ?? Number.POSITIVE_INFINITY }
  const levels = states.map(({ status, bound, message }) => {
    return { status, message, enter: bounds[bound], leave: bounds[bound] - bounds.memoryLeaveShare }
  })
  const found = thresholdLevel(used.value / used.limit, levels, before, atLeast)
  const observed: Observation = {
    name: used.name,
    value: used.value,
    unit: 'By',
    bound: (found?.bound ?? bounds.memoryDegradedShare) * used.limit,
    series: { metric: isGroup ? 'wombat_process_group_memory_bytes' : 'wombat_process_resident_memory_bytes', labels: {} },
  }
  if (found === undefined) return { status: 'healthy', message: 'Sufficient memory available', observed }
  return { status: found.status, message: found.message, reason: largestPart(reading, used.value), observed }
}

/** Which part of the memory in use is the largest. */
function largestPart({ residentBytes, heapBytes, externalBytes, storesBytes }: MemoryReading, usedBytes: number): string {
  const parts: ReadonlyArray<readonly [reason: string, bytes: number]> = [
    ['stores', storesBytes],
    ['heap', heapBytes],
    ['external', externalBytes],
    ['other_processes', usedBytes - residentBytes],
    ['native', residentBytes - storesBytes - heapBytes - externalBytes],
  ]
  return parts.reduce((largest, part) => (part[1] > largest[1] ? part : largest))[0]
}
