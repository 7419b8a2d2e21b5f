import type { MetricName } from '@wombat/instrumentation'
import {
  type ControlGroupMemory,
  processMemoryLimit,
  readControlGroupMemory,
  readProcessMemory,
} from '@wombat/instrumentation/internal'
import type { History } from '../../history/history.ts'
import { sumNow } from '../../history/window-queries.ts'
import type { Finding, HealthCheck, Observation } from '../check.ts'
import type { HealthStatus } from '../status.ts'
import type { Bounds, BoundValues } from './bound.ts'
import type { CheckDependencies, ProcessCheck } from './built-in-check.ts'
import { atLeast, thresholdLevel } from './threshold-levels.ts'

const bounds = {
  memoryDegradedShare: {
    value: 0.8,
    unit: 'share',
    description: 'share of the memory limit from which memory use is degraded',
    below: 'memoryUnhealthyShare',
  },
  memoryUnhealthyShare: {
    value: 0.9,
    unit: 'share',
    description: 'share of the memory limit from which memory use is unhealthy',
    below: 'memoryCriticalShare',
  },
  memoryCriticalShare: {
    value: 0.97,
    unit: 'share',
    description: 'share of the memory limit from which memory use is critical: the process may be killed at any moment',
  },
  memoryLeaveShare: {
    value: 0.05,
    unit: 'share',
    description: 'how far below its bound memory use must fall for the status to end, as a share of the limit',
    below: 'memoryDegradedShare',
  },
} as const satisfies Bounds

type MemoryBounds = BoundValues<typeof bounds>

/** Checks the memory use of the process and of its control group against their limits. */
export const memoryUsage = {
  name: 'memory_usage',
  scope: 'process',
  bounds,
  remediations: {
    stores: {
      cause: 'The stores use most of the memory: caches, memtables, open iterators.',
      nextSteps: ['Reduce the caches and memtables of the stores.', 'Close iterators and snapshots.', 'Raise the memory limit.'],
    },
    heap: {
      cause: 'JavaScript objects use most of the memory.',
      nextSteps: ['Compare two heap snapshots.', 'Set --max-old-space-size below the limit.', 'Raise the memory limit.'],
    },
    external: {
      cause: 'Buffers use most of the memory.',
      nextSteps: [
        'Find what retains buffers: queues, caches, slices of large buffers.',
        'Read and write in streams.',
        'Raise the memory limit.',
      ],
    },
    other_processes: {
      cause: 'Other processes in the same control group use most of the memory.',
      nextSteps: ['Check the other processes of the group.', 'Move them to another group.', 'Raise the memory limit.'],
    },
    native: {
      cause:
        'Memory outside JavaScript that no store reports uses most of it: engines without memory metrics, threads, or fragmentation.',
      nextSteps: ['Reduce the caches of the stores.', 'Try another allocator (jemalloc).', 'Raise the memory limit.'],
    },
    else: {
      cause: 'The process uses more memory than its limit allows for.',
      nextSteps: ['Find which part of the memory grows.', 'Raise the memory limit.'],
    },
  },
  create({ history, memoryLimitBytes }: CheckDependencies, bounds: MemoryBounds): HealthCheck {
    return {
      name: 'memory_usage',
      run: ({ nowMs, previousStatus }) => evaluateMemory(readMemory(history, memoryLimitBytes, nowMs), bounds, previousStatus),
    }
  },
} as const satisfies ProcessCheck

/** Memory in use and its limits, in bytes. */
export interface MemorySnapshot {
  /** Undefined if the system does not report it. */
  readonly residentBytes: number | undefined
  /**
   * Limit of the process alone: the configured one, or the machine's memory. Undefined if only the group has a limit, because
   * pages shared with other processes are resident here but may be charged to another group.
   */
  readonly limitBytes: number | undefined
  /** The control group, if it has a limit of its own. The kernel kills processes above it, whatever was configured. */
  readonly group: (ControlGroupMemory & { readonly limitBytes: number }) | undefined
  readonly heapBytes: number
  /** Buffers and other memory outside the heap that JavaScript objects own. */
  readonly externalBytes: number
  /** Sum of the memory that the engines of all stores report. */
  readonly storesBytes: number
}

function readMemory(history: History, memoryLimitBytes: number | undefined, nowMs: number): MemorySnapshot {
  const { residentBytes, heapBytes, externalBytes } = readProcessMemory()
  const memory = readControlGroupMemory()
  const group = memory?.limitBytes === undefined ? undefined : { ...memory, limitBytes: memory.limitBytes }
  return {
    residentBytes,
    limitBytes: memoryLimitBytes ?? (group === undefined ? processMemoryLimit(memory) : undefined),
    group,
    heapBytes,
    externalBytes,
    storesBytes: storesMemory(history, nowMs),
  }
}

/** Returns the memory that the engines of all stores report, in bytes: the total if an engine has one, else cache plus memtables. */
export function storesMemory(history: History, nowMs: number): number {
  const storesWith = (metric: MetricName): string[] => history.select(metric).map(({ labels }) => labels['store'] ?? '')
  const stores = new Set(
    (['db_total_memory_bytes', 'db_cache_bytes', 'db_memtable_bytes'] as const).flatMap((metric) => storesWith(metric)),
  )
  let bytes = 0
  for (const store of stores) {
    const now = (metric: MetricName): number | undefined => sumNow(history, metric, { store }, nowMs)
    bytes += now('db_total_memory_bytes') ?? (now('db_cache_bytes') ?? 0) + (now('db_memtable_bytes') ?? 0)
  }
  return bytes
}

const levelTable = [
  { status: 'critical', bound: 'memoryCriticalShare', message: 'Memory is almost exhausted' },
  { status: 'unhealthy', bound: 'memoryUnhealthyShare', message: 'Very high memory usage' },
  { status: 'degraded', bound: 'memoryDegradedShare', message: 'High memory usage' },
] as const

/** Returns the finding for the memory in use: that of the process or of its group, whichever is closer to its limit. Pure. */
export function evaluateMemory(memory: MemorySnapshot, bounds: MemoryBounds, previousStatus: HealthStatus): Finding {
  const { residentBytes, limitBytes, group } = memory
  if (residentBytes === undefined && group === undefined) {
    return {
      status: 'unknown',
      message: 'Cannot measure memory: the system does not report it (is /proc mounted?)',
      reason: 'unmeasurable',
    }
  }
  const processShare =
    limitBytes === undefined || residentBytes === undefined ? Number.NEGATIVE_INFINITY : residentBytes / limitBytes
  const isGroup = group !== undefined && group.usedBytes / group.limitBytes > processShare
  const used = isGroup
    ? { name: 'memory of the control group', value: group.usedBytes, limit: group.limitBytes }
    : { name: 'memory of the process', value: residentBytes ?? 0, limit: limitBytes ?? Number.POSITIVE_INFINITY }
  const levels = levelTable.map(({ status, bound, message }) => {
    return { status, message, enter: bounds[bound], leave: bounds[bound] - bounds.memoryLeaveShare }
  })
  const reached = thresholdLevel(used.value / used.limit, levels, previousStatus, atLeast)
  const observed: Observation = {
    name: used.name,
    value: used.value,
    unit: 'By',
    bound: (reached?.bound ?? bounds.memoryDegradedShare) * used.limit,
    series: { metric: isGroup ? 'wombat_process_group_memory_bytes' : 'wombat_process_resident_memory_bytes', labels: {} },
  }
  if (reached === undefined) return { status: 'healthy', message: 'Sufficient memory available', observed }
  return { status: reached.status, message: reached.message, reason: largestPart(memory, used.value), observed }
}

/** Returns the reason for the part that uses most of the memory. */
function largestPart(memory: MemorySnapshot, usedBytes: number): string {
  const { residentBytes = usedBytes, heapBytes, externalBytes, storesBytes } = memory
  const parts: ReadonlyArray<readonly [reason: string, bytes: number]> = [
    ['stores', storesBytes],
    ['heap', heapBytes],
    ['external', externalBytes],
    ['other_processes', usedBytes - residentBytes],
    ['native', residentBytes - storesBytes - heapBytes - externalBytes],
  ]
  return parts.reduce((largest, part) => (part[1] > largest[1] ? part : largest))[0]
}
