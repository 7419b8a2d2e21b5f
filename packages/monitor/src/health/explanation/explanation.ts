import type { MetricsRegistry } from '@wombat/instrumentation'
import type { History } from '../../history/history.ts'
import { maxNow } from '../../history/window-queries.ts'
import { findLatencyCause } from '../../process/latency-cause.ts'
import type { ProcessState } from '../../process/process-state.ts'
import type { Explain, Explanation, HealthCheckResult } from '../check.ts'
import { type CheckName, defaultRemediation, type Remediation, remediations } from '../checks/remediation.ts'
import { type RootCause, rootCauses } from './root-causes.ts'
import { computeTrend } from './trend.ts'

export interface ExplainerOptions {
  readonly history: History
  /** By these two, a check that took too long is told apart: held up by the loop, by the thread pool, or by its store. */
  readonly process: ProcessState
  readonly registry: MetricsRegistry
  readonly memoryLimitBytes?: number | undefined
}

/** The runbook that is shipped with this package: a section for each check, under its name. */
const runbook = '@wombat/monitor/RUNBOOK.md'

/** Why checks that are not healthy are not: a symptom of another check that lies deeper in the chain, or a cause of its own. */
export function createExplain(options: ExplainerOptions): Explain {
  return (result, all, nowMs) => {
    const trend = resultTrend(result, options, nowMs)
    const withTrend = trend === undefined ? {} : { trend }
    if (!isBuiltIn(result.name)) return { nextSteps: [], ...withTrend }
    const always = { ...withTrend, runbookUrl: `${runbook}#${result.name}` }
    // Of what was not looked at, or too long ago, there is nothing to explain.
    if (result.status === 'healthy' || (result.status === 'unknown' && result.reason === undefined)) {
      return { nextSteps: [], ...always }
    }
    const reasonOf: ReasonOf = (of) => (of.reason === 'timeout' ? causeOfTimeout(of, options, nowMs) : of.reason)
    const found = deepestCause(result, findResult(result, all), reasonOf)
    if (found === undefined) {
      const { cause, nextSteps } = remediationFor(result.name, reasonOf(result))
      return { cause: { message: cause }, nextSteps, ...always }
    }
    const { link, cause } = found
    const { name: check, store, message } = cause
    return {
      cause: { message: link.message, check, ...(store !== undefined && { store }) },
      // Who mends the cause mends the symptom.
      nextSteps: [`See ${check}: ${message}.`, ...remediationFor(link.check, reasonOf(cause)).nextSteps],
      ...always,
    }
  }
}

function isBuiltIn(name: string): name is CheckName {
  return Object.hasOwn(remediations, name)
}

function remediationFor(check: CheckName, reason = 'else'): Remediation {
  return remediations[check][reason] ?? defaultRemediation[reason] ?? remediations[check].else
}

type ReasonOf = (result: HealthCheckResult) => string | undefined

/** A check that is not well and explains another one. */
interface Found {
  readonly link: RootCause
  readonly cause: HealthCheckResult
}

/** The chain has no circles, so that following it comes to an end. */
function deepestCause(result: HealthCheckResult, all: readonly HealthCheckResult[], reasonOf: ReasonOf): Found | undefined {
  const found = causeOf(result, all, reasonOf)
  return found && (deepestCause(found.cause, all, reasonOf) ?? found)
}

/** All results of one moment by their store. Made once for them: a thousand stores on one full volume are a thousand explanations. */
const byStore = new WeakMap<readonly HealthCheckResult[], ReadonlyMap<string | undefined, readonly HealthCheckResult[]>>()

/** The results that may be behind one: those of the process and of the same store. */
function findResult({ store }: HealthCheckResult, all: readonly HealthCheckResult[]): readonly HealthCheckResult[] {
  let groups = byStore.get(all)
  if (groups === undefined) {
    groups = Map.groupBy(all, (result) => result.store)
    byStore.set(all, groups)
  }
  const ofProcess = groups.get(undefined) ?? []
  return store === undefined ? ofProcess : [...ofProcess, ...(groups.get(store) ?? [])]
}

/** The first link that fits, and the check that it begins with: of the same store, or of the process. */
function causeOf(result: HealthCheckResult, all: readonly HealthCheckResult[], reasonOf: ReasonOf): Found | undefined {
  const reason = reasonOf(result) ?? ''
  for (const link of rootCauses) {
    if (link.explains[result.name as CheckName]?.includes(reason) !== true) continue
    const cause = all.find(
      (other) => isNotWell(other, link, reasonOf) && (other.store === undefined || other.store === result.store),
    )
    if (cause !== undefined) return { link, cause }
  }
  return undefined
}

function isNotWell(result: HealthCheckResult, { check, reasons }: RootCause, reasonOf: ReasonOf): boolean {
  if (result.name !== check || result.status === 'healthy' || result.status === 'unknown') return false
  return reasons === undefined || reasons.includes(reasonOf(result) ?? '')
}

/** What held up a check that took too long, as far as the process knows: over the time of its last run. */
function causeOfTimeout(result: HealthCheckResult, { process, registry }: ExplainerOptions, nowMs: number): string {
  const { lastCheckMs, durationSeconds } = result
  if (lastCheckMs === undefined || durationSeconds === undefined) return 'timeout'
  // It is judged at its end. Unix time on the clock of `performance.now()`, which is the clock of what the process tells.
  const toMs = lastCheckMs + (performance.now() - nowMs)
  const fromMs = toMs - durationSeconds * 1000
  return findLatencyCause(process, { fromMs, toMs, inFlight: registry.observer.inFlight().depth })
}

function resultTrend(result: HealthCheckResult, options: ExplainerOptions, nowMs: number): Explanation['trend'] {
  const series = result.observed?.series
  return series && computeTrend(options.history, series, nowMs, limitOf(series.metric, options, nowMs))
}

/** What a number of the process' memory may come to; undefined for all others. */
function limitOf(metric: string, { history, memoryLimitBytes }: ExplainerOptions, nowMs: number): number | undefined {
  if (!metric.startsWith('wombat_process_')) return undefined
  // What is configured is for the process by itself.
  const configured = metric === 'wombat_process_group_memory_bytes' ? undefined : memoryLimitBytes
  return configured ?? maxNow(history, 'wombat_process_memory_limit_bytes', {}, nowMs)
}
