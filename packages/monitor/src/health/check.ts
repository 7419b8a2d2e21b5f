import type { Labels } from '@wombat/instrumentation'
import type { HealthStatus } from './status.ts'

/** A number that a verdict rests on. */
export interface Observation {
  /** What it is, in words: `free space`. */
  readonly name: string
  readonly value: number
  /** UCUM, as in the catalogue: `By`, `s`, `1` for a share, `{file}`. */
  readonly unit: string
  /** What it was held against: the bound that was crossed or, where none was, the next one. */
  readonly bound?: number
  /** The series that it comes from, whose history says how it went. */
  readonly series?: { readonly metric: string; readonly labels: Labels }
}

/** What one run of a check found. */
export interface Finding {
  readonly status: HealthStatus
  /** One sentence: what is the case. Never a key, a value or a path. */
  readonly message: string
  readonly observed?: Observation
  /** Which of the known reasons it is, where the check can tell: what an explanation begins with. */
  readonly reason?: string
}

/** What a check is given. */
export interface CheckContext {
  /** Aborted when the check's time is over. */
  readonly signal: AbortSignal
  /** Unix time in milliseconds. */
  readonly nowMs: number
  /** In which state the check was said to be before: leaving one is harder than entering it. */
  readonly previousStatus: HealthStatus
}

/** One thing to be looked at, of one store or of the process. */
export interface HealthCheck {
  /** Lower-case words joined by underscores: a path and a label. */
  readonly name: string
  /** The store that it is about; left out for the process. */
  readonly store?: string
  /** How often (default `healthCheckIntervalMs`) and for how long (default `healthCheckTimeoutMs`). */
  readonly intervalMs?: number
  readonly timeoutMs?: number
  /** What it is at the most, however bad it is: how much the service depends on it (default `critical`). */
  readonly maxStatus?: 'degraded' | 'unhealthy' | 'critical'
  /** What it is when it throws or takes too long (default `unhealthy`). */
  readonly statusOnError?: 'degraded' | 'unhealthy' | 'critical'
  /** How many runs in a row, or `n` of the last `m`, must say so before the state gets worse, and better (default 1 of 1). */
  readonly failureThreshold?: RunThreshold
  readonly recoveryThreshold?: RunThreshold
  /** Whether `/livez` asks it too: only for what a restart mends (default false). */
  readonly isForLiveness?: boolean
  run(context: CheckContext): Finding | Promise<Finding>
}

/** `count` of the last `of` runs. */
export interface RunThreshold {
  readonly count: number
  readonly of: number
}

/** What a check that is not healthy says beside its message. */
export interface Explanation {
  /** What it comes from; where that is another check that is not well, this one is its symptom. */
  readonly cause?: { readonly message: string; readonly check?: string; readonly store?: string }
  /** What to do next, most important first. */
  readonly nextSteps: readonly string[]
  /** How the number went lately. */
  readonly trend?: Trend
  readonly runbookUrl?: string
}

export interface Trend {
  readonly direction: 'rising' | 'falling' | 'steady'
  /** In the number's own unit per hour. */
  readonly perHour: number
  /** Over how long. */
  readonly overSeconds: number
  /** `at this pace it is full in 3 h`, where that can be said. */
  readonly outlook?: string
}

/** The state of one check, as it is told. */
export interface HealthCheckResult extends Partial<Explanation> {
  readonly name: string
  readonly store?: string
  readonly status: HealthStatus
  readonly message: string
  /** Unix time in milliseconds of its last run; undefined before the first. */
  readonly lastCheckMs: number | undefined
  /** Since when it is in this state. */
  readonly sinceMs: number
  readonly durationSeconds: number | undefined
  /** How much it counts in the whole, where that is less than everything: its own `unknown` is not hidden by it. */
  readonly maxStatus?: 'degraded' | 'unhealthy'
  readonly observed?: Observation
  readonly reason?: string
}

/** Why a check that is not healthy is not. All results are those of the same moment; pure. */
export type Explain = (result: HealthCheckResult, all: readonly HealthCheckResult[], nowMs: number) => Explanation

/** Everything, at one moment. */
export interface HealthReport {
  readonly status: HealthStatus
  /** Unix time in milliseconds. */
  readonly timeMs: number
  /**
   * Where the process is in its life: checks have not all run yet, normal, or it is being shut down; off where checks do not run
   * unless they are asked for.
   */
  readonly phase: 'off' | 'starting' | 'running' | 'stopping'
  readonly checks: readonly HealthCheckResult[]
}

/** A check went from one state to another. */
export interface HealthChange {
  readonly check: HealthCheckResult
  readonly from: HealthStatus
  readonly to: HealthStatus
  readonly timeMs: number
}
