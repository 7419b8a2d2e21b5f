import type { Labels } from '@wombat/instrumentation'
import type { HealthStatus } from './status.ts'

/** The measured value that a finding is based on. */
export interface Observation {
  /** What was measured, in words: `free space`. */
  readonly name: string
  readonly value: number
  /** UCUM unit, as in the metric catalog: `By`, `s`, `1` for a share, `{file}`. */
  readonly unit: string
  /** The bound that was crossed or, if none was, the next one. In the same unit. */
  readonly bound?: number
  /** The time series of the value. Its history gives the trend. */
  readonly series?: { readonly metric: string; readonly labels: Labels }
}

/** The result of one run of a check. */
export interface Finding {
  /** `unknown` with the reason `unmeasurable` means that the check cannot measure here: readiness does not depend on it. */
  readonly status: HealthStatus
  /** One sentence that describes the state. It must not contain keys, values or paths. */
  readonly message: string
  readonly observed?: Observation
  /** Identifier of the kind of problem. Selects the remediation of a built-in check. */
  readonly reason?: string
}

/** What a check receives for each run. */
export interface CheckContext {
  /** Aborted when `timeoutMs` is over, or when the check is removed. */
  readonly signal: AbortSignal
  /** Unix time in milliseconds. */
  readonly nowMs: number
  /** The status reported so far. Use it for hysteresis: leave a status at a lower bound than it was entered at. */
  readonly previousStatus: HealthStatus
}

/**
 * A health check of one store or of the process.
 *
 * @example
 * ```ts
 * import { HealthMonitor } from '@wombat/monitor'
 *
 * let queued = 0
 * const queueLength = {
 *   name: 'queue_length',
 *   maxStatus: 'degraded',
 *   run: () => ({
 *     status: queued > 100 ? 'degraded' : 'healthy',
 *     message: `${queued} orders are waiting`,
 *     observed: { name: 'waiting orders', value: queued, unit: '{order}', bound: 100 },
 *   }),
 * }
 *
 * const monitor = new HealthMonitor({ intervalMs: 30_000, timeoutMs: 5_000 })
 * monitor.register(queueLength)
 * queued = 250
 * const [result] = await monitor.runHealthChecks()
 * console.log(result.status, result.message) // degraded 250 orders are waiting
 * monitor.close()
 * ```
 */
export interface HealthCheck {
  /** Lower-case words joined by underscores. Becomes a path and a label. */
  readonly name: string
  /** Name of the store that is checked. Omit it for a check of the process. */
  readonly store?: string
  /** Milliseconds between two runs. Default: `healthCheckIntervalMs`. */
  readonly intervalMs?: number
  /** Milliseconds that one run may take. Default: `healthCheckTimeoutMs`. */
  readonly timeoutMs?: number
  /** Highest status this check may report. Default: `critical`. */
  readonly maxStatus?: 'degraded' | 'unhealthy' | 'critical'
  /** Status if the check throws or times out. Default: `unhealthy`. */
  readonly statusOnError?: 'degraded' | 'unhealthy' | 'critical'
  /** Runs that must find a worse status before it is reported. The first run is reported at once. Default: 2 of 2. */
  readonly failureThreshold?: RunThreshold
  /** Runs that must find a better status before it is reported. Default: 2 of 2. */
  readonly recoveryThreshold?: RunThreshold
  /** Whether `/livez` includes this check. Set it only if a restart would fix the problem. Default: false. */
  readonly isForLiveness?: boolean
  /** Runs the check. May throw or reject: the status is then `statusOnError`. */
  run(context: CheckContext): Finding | Promise<Finding>
}

/** `count` of the last `of` runs. */
export interface RunThreshold {
  readonly count: number
  /** At most 100. */
  readonly of: number
}

/** Why a check is not healthy, and what to do about it. */
export interface Explanation {
  /** The most likely cause. If `check` is set, that check is not healthy, and this one is its symptom. */
  readonly cause?: { readonly message: string; readonly check?: string; readonly store?: string }
  /** What to do, most important first. */
  readonly nextSteps: readonly string[]
  /** How the observed value changed during the last hour. */
  readonly trend?: Trend
  readonly runbookUrl?: string
}

/** The linear trend of an observed value. */
export interface Trend {
  readonly direction: 'rising' | 'falling' | 'steady'
  /** Change per hour, in the unit of the value. */
  readonly perHour: number
  /** Length of the period that the trend is based on. */
  readonly overSeconds: number
  /** When the limit is reached at the current pace: `At this pace it is full in 3 h`. */
  readonly forecast?: string
}

/** The current state of one check. */
export interface HealthCheckResult extends Partial<Explanation> {
  readonly name: string
  readonly store?: string
  readonly status: HealthStatus
  readonly message: string
  /** Unix time in milliseconds of the last run; undefined before the first. */
  readonly lastCheckMs: number | undefined
  /** Unix time in milliseconds since when the check has this status. */
  readonly sinceMs: number
  /** Duration of the last run; undefined before the first. */
  readonly durationSeconds: number | undefined
  /** Highest status this check adds to the whole, if not `critical`. The check itself may still be `unknown`. */
  readonly maxStatus?: 'degraded' | 'unhealthy'
  readonly observed?: Observation
  readonly reason?: string
  /** The process with this result, if several are monitored as one. */
  readonly worker?: string
}

/** Explains a result that is not healthy. `all` holds the results of the same moment. Must be pure. */
export type Explain = (result: HealthCheckResult, all: readonly HealthCheckResult[], nowMs: number) => Explanation

/** The state of all checks at one moment. */
export interface HealthReport {
  /** The worst status of all checks; `unknown` until each check has run once. */
  readonly status: HealthStatus
  /** Unix time in milliseconds. */
  readonly timeMs: number
  /**
   * `off`: checks run only on request. `starting`: not every check has run yet. `stopping`: the process is shutting down.
   */
  readonly phase: 'off' | 'starting' | 'running' | 'stopping'
  readonly checks: readonly HealthCheckResult[]
}

/** A change of the status of a check. */
export interface HealthChange {
  /** The check after the change. */
  readonly check: HealthCheckResult
  readonly from: HealthStatus
  readonly to: HealthStatus
  /** Unix time in milliseconds. */
  readonly timeMs: number
}
