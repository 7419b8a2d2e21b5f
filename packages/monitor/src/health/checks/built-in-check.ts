import type { MeasuredStore, MetricsRegistry } from '@wombat/instrumentation'
import type { History } from '../../history/history.ts'
import type { ProcessState } from '../../process/process-state.ts'
import type { HealthCheck } from '../check.ts'
import type { Bounds } from './bound.ts'
import type { Remediations } from './remediation.ts'

/**
 * How a store is probed: `write` writes, reads back and removes a reserved key; `idle` writes only while the application does
 * not write successfully itself; `read` only reads; `off` disables the check.
 */
export type ProbeMode = 'write' | 'idle' | 'read' | 'off'

/** What built-in checks read from. */
export interface CheckDependencies {
  readonly registry: MetricsRegistry
  readonly history: History
  readonly process: ProcessState
  readonly probe: ProbeMode
  /** Memory limit of the process in bytes. Default: the limit of its control group, or the machine's memory. */
  readonly memoryLimitBytes?: number | undefined
}

interface CheckDefinition {
  readonly name: string
  readonly bounds: Bounds
  /** Cause and next steps for each reason the check may report. */
  readonly remediations: Remediations
}

/** A built-in check of the process. */
export interface ProcessCheck extends CheckDefinition {
  readonly scope: 'process'
  create(dependencies: CheckDependencies, bounds: Readonly<Record<string, number>>): HealthCheck
}

/**
 * A built-in check of a store. `create` is called once for each store name. The returned function is called before each run
 * with all stores of that name that are not closed; it returns undefined if the check does not apply to them.
 */
export interface StoreCheck extends CheckDefinition {
  readonly scope: 'store'
  create(store: string, dependencies: CheckDependencies, bounds: Readonly<Record<string, number>>): StoreCheckSource
}

/** Returns the check for the current stores of one name, or undefined if it does not apply to them. */
export type StoreCheckSource = (stores: readonly MeasuredStore[]) => HealthCheck | undefined
