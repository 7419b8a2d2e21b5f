import type { MetricsRegistry } from '@wombat/instrumentation'
import type { History } from '../../history/history.ts'
import { maxNow } from '../../history/window-queries.ts'
import { findLatencyCause } from '../../process/latency-cause.ts'
import type { ProcessState } from '../../process/process-state.ts'
import { type BuiltInCheckName, builtInChecks } from '../built-in-checks.ts'
import type { Explain, Explanation, HealthCheckResult } from '../check.ts'
import { commonRemediations, type Remediation, type Remediations } from '../checks/remediation.ts'
import { type RootCause, rootCauses } from './root-causes.ts'
import { computeTrend } from './trend.ts'

/** What explanations are based on. */
export interface ExplainOptions {
  readonly history: History
  /** Shows what a check that timed out waited for: the event loop, the thread pool, or its store. */
  readonly process: ProcessState
  readonly registry: MetricsRegistry
  readonly memoryLimitBytes?: number | undefined
}

/** The runbook of this package. It has a section for each check, with the check's name as heading. */
const runbook = '@wombat/monitor/RUNBOOK.md'

const remediations: ReadonlyMap<string, Remediations> = new Map(builtInChecks.map((check) => [check.name, check.remediations]))

/** Creates the function that explains why a check is not healthy: it has a cause of its own, or is a symptom of another check. */
export function createExplain(options: ExplainOptions): Explain {
  return (result, all, nowMs) => {
    const trend = resultTrend(result, options, nowMs)
    const trendField = trend === undefined ? {} : { trend }
    const checkRemediations = remediations.get(result.name)
    if (checkRemediations === undefined) return { nextSteps: [], ...trendField }
    const fields = { ...trendField, runbookUrl: `${runbook}#${result.name}` }
    // A check that has not run, or has only an outdated result, has nothing to explain.
    if (result.status === 'healthy' || (result.status === 'unknown' && result.reason === undefined)) {
      return { nextSteps: [], ...fields }
    }
    const readReason: ReadReason = (other) =>
      other.reason === 'timeout' ? findTimeoutCause(other, options, nowMs) : other.reason
    const symptom = findDeepestCause(result, selectRelated(result, all), readReason)
    if (symptom === undefined) {
      const { cause, nextSteps } = findRemediation(checkRemediations, readReason(result))
      return { cause: { message: cause }, nextSteps, ...fields }
    }
    const { row, result: deepest } = symptom
    const { name: check, store, message } = deepest
    const causeRemediations = remediations.get(row.check) ?? checkRemediations
    return {
      cause: { message: row.message, check, ...(store !== undefined && { store }) },
      // To fix the symptom, fix its cause.
      nextSteps: [`See ${check}: ${message}.`, ...findRemediation(causeRemediations, readReason(deepest)).nextSteps],
      ...fields,
    }
  }
}

function findRemediation(checkRemediations: Remediations, reason = 'else'): Remediation {
  return checkRemediations[reason] ?? commonRemediations[reason] ?? checkRemediations.else
}

type ReadReason = (result: HealthCheckResult) => string | undefined

/** A row of the root-cause table that applies, and the result that it applies to. */
interface AppliedCause {
  readonly row: RootCause
  readonly result: HealthCheckResult
}

/** Follows causes to the last one. The table has no cycles, so this ends. */
function findDeepestCause(
  result: HealthCheckResult,
  related: readonly HealthCheckResult[],
  readReason: ReadReason,
): AppliedCause | undefined {
  const direct = findCause(result, related, readReason)
  return direct && (findDeepestCause(direct.result, related, readReason) ?? direct)
}

/** Results by store, cached for each list: a thousand stores on one full volume are a thousand explanations. */
const resultsByStore = new WeakMap<readonly HealthCheckResult[], ReadonlyMap<string | undefined, readonly HealthCheckResult[]>>()

/** Returns the results that may explain one: those of the process and of the same store. */
function selectRelated({ store }: HealthCheckResult, all: readonly HealthCheckResult[]): readonly HealthCheckResult[] {
  let groups = resultsByStore.get(all)
  if (groups === undefined) {
    groups = Map.groupBy(all, (result) => result.store)
    resultsByStore.set(all, groups)
  }
  const processResults = groups.get(undefined) ?? []
  return store === undefined ? processResults : [...processResults, ...(groups.get(store) ?? [])]
}

/** Returns the first row that explains a result, with the result of its check: of the same store, or of the process. */
function findCause(
  result: HealthCheckResult,
  related: readonly HealthCheckResult[],
  readReason: ReadReason,
): AppliedCause | undefined {
  const reason = readReason(result) ?? ''
  for (const row of rootCauses) {
    if (row.explains[result.name as BuiltInCheckName]?.includes(reason) !== true) continue
    const cause = related.find((other) => applies(row, other, readReason))
    if (cause !== undefined) return { row, result: cause }
  }
  return undefined
}

function applies({ check, reasons }: RootCause, result: HealthCheckResult, readReason: ReadReason): boolean {
  if (result.name !== check || result.status === 'healthy' || result.status === 'unknown') return false
  return reasons === undefined || reasons.includes(readReason(result) ?? '')
}

/** Returns what a check that timed out waited for during its last run, or `timeout` if it has not run. */
function findTimeoutCause(result: HealthCheckResult, { process, registry }: ExplainOptions, nowMs: number): string {
  const { lastCheckMs, durationSeconds } = result
  if (lastCheckMs === undefined || durationSeconds === undefined) return 'timeout'
  // `lastCheckMs` is the end of the run in Unix time; the process state uses the clock of `performance.now()`.
  const toMs = lastCheckMs + (performance.now() - nowMs)
  const fromMs = toMs - durationSeconds * 1000
  return findLatencyCause(process, { fromMs, toMs, inFlight: registry.observer.inFlight().depth })
}

function resultTrend(result: HealthCheckResult, options: ExplainOptions, nowMs: number): Explanation['trend'] {
  const series = result.observed?.series
  return series && computeTrend(options.history, series, nowMs, memoryLimit(series.metric, options, nowMs))
}

/** Returns the limit of a memory metric of the process in bytes; undefined for all other metrics. */
function memoryLimit(metric: string, { history, memoryLimitBytes }: ExplainOptions, nowMs: number): number | undefined {
  if (!metric.startsWith('wombat_process_')) return undefined
  // The configured limit is that of the process alone.
  const configured = metric === 'wombat_process_group_memory_bytes' ? undefined : memoryLimitBytes
  return configured ?? maxNow(history, 'wombat_process_memory_limit_bytes', {}, nowMs)
}
