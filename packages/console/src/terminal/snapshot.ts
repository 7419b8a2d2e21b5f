/** What `top` shows at one time, and `top --json` prints. What is unknown is left out. */
export interface Snapshot {
  /** Unix time in milliseconds, on the clock of the process. */
  readonly timeMs: number
  /** The address of the process. */
  readonly url: string
  readonly service?: string
  readonly serviceVersion?: string
  readonly uptimeSeconds?: number
  /** How far back rates and quantiles look. */
  readonly windowSeconds: number
  readonly health: HealthStatus
  readonly process: ProcessNumbers
  /** Ordered by name. */
  readonly stores: readonly StoreSnapshot[]
  /** The health checks that are not healthy, the worst first. */
  readonly findings: readonly Finding[]
  /** The alerts that fire or are pending, the worst first. */
  readonly alerts: readonly AlertSnapshot[]
  /** The last events of the process, the newest first. */
  readonly events: readonly EventSnapshot[]
}

export type HealthStatus = 'healthy' | 'degraded' | 'unknown' | 'unhealthy' | 'critical'

export interface ProcessNumbers {
  readonly eventLoopDelayP99Seconds?: number
  /** Share of the time in which the event loop was active. */
  readonly eventLoopUtilization?: number
  readonly threadPoolWaitP99Seconds?: number
  /** Of the control group if the process is in one, else of the process. */
  readonly memoryBytes?: number
  readonly memoryLimitBytes?: number
  readonly heapUsedBytes?: number
}

/** How fast operations are, and how many of them there are. */
export interface OperationNumbers {
  readonly operationsPerSecond?: number
  readonly errorsPerSecond?: number
  readonly p50Seconds?: number
  readonly p95Seconds?: number
  readonly p99Seconds?: number
  /** The upper bound of the histogram bucket with the slowest operation. */
  readonly maxSeconds?: number
}

export interface OperationSnapshot extends OperationNumbers {
  readonly operation: string
}

export interface StoreSnapshot extends OperationNumbers {
  readonly store: string
  readonly engine?: string
  readonly engineVersion?: string
  readonly adapter?: string
  readonly state: 'open' | 'opening' | 'closed'
  readonly health: HealthStatus
  readonly inFlight?: number
  readonly oldestOperationSeconds?: number
  readonly sizeBytes?: number
  readonly memoryBytes?: number
  /** Share of the reads that the cache answered. */
  readonly hitRatio?: number
  readonly firing: number
  readonly pending: number
  readonly engineNumbers: EngineNumbers
  readonly operations: readonly OperationSnapshot[]
}

export interface EngineNumbers {
  /** The levels that have files. */
  readonly levels?: readonly Level[]
  readonly compactionsRunning?: number
  readonly compactionPendingBytes?: number
  readonly compactionBytesPerSecond?: number
  readonly flushBytesPerSecond?: number
  /** The write stalls that last. */
  readonly writeStalls?: readonly WriteStall[]
  /** Share of the time in which the engine slowed or stopped writes. */
  readonly writeStallShare?: number
  readonly walBytes?: number
  readonly memtableBytes?: number
  readonly cacheBytes?: number
  readonly freeBytes?: number
  readonly entries?: number
  readonly openIterators?: number
  readonly openSnapshots?: number
  readonly evictionsPerSecond?: number
}

export interface Level {
  readonly level: number
  readonly files: number
  readonly bytes: number
}

export interface WriteStall {
  readonly cause: string
  readonly seconds: number
}

export interface Finding {
  readonly status: HealthStatus
  readonly check: string
  readonly store?: string
  readonly message: string
  readonly cause?: string
  readonly nextSteps: readonly string[]
  readonly sinceMs: number
  readonly runbookUrl?: string
}

export interface AlertSnapshot {
  readonly alert: string
  readonly store?: string
  readonly severity: string
  readonly state: 'firing' | 'pending'
  /** When its condition began to hold. */
  readonly activeAtMs: number
  readonly summary?: string
}

/** Something that happened: a compaction, a write stall, a change of the health. */
export interface EventSnapshot {
  readonly kind: string
  readonly severity: 'info' | 'warning' | 'critical'
  readonly title: string
  readonly store?: string
  readonly startMs: number
  /** Left out while it lasts. */
  readonly endMs?: number
}

const statusOrder: readonly HealthStatus[] = ['healthy', 'degraded', 'unknown', 'unhealthy', 'critical']
const severityOrder: readonly string[] = ['info', 'warning', 'critical', 'emergency']

/** Returns how bad a status is: 0 for healthy. */
export function statusRank(status: HealthStatus): number {
  return statusOrder.indexOf(status)
}

/** Returns how bad an alert is. One that fires is worse than any that is pending. */
export function alertRank({ state, severity }: AlertSnapshot): number {
  return (state === 'firing' ? severityOrder.length : 0) + severityOrder.indexOf(severity)
}
