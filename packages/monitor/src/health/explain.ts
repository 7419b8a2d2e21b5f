import type { MetricsRegistry } from '@wombat/instrumentation'
import type { History } from '../history/history.ts'
import type { ProcessState } from '../process/process-state.ts'
import { advice, type CheckName } from './advice.ts'
import { chain, type Link } from './chain.ts'
import type { Explain, Explanation, HealthCheckResult } from './check.ts'
import { largestNow } from './recent.ts'
import { whySlow } from './slowness.ts'
import { trendOf } from './trend.ts'

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
export function explainer(options: ExplainerOptions): Explain {
  return (result, all, nowMs) => {
    const trend = trendOfResult(result, options, nowMs)
    const withTrend = trend === undefined ? {} : { trend }
    if (!isBuiltIn(result.name)) return { nextSteps: [], ...withTrend }
    const runbookUrl = `${runbook}#${result.name}`
    if (result.status === 'healthy') return { nextSteps: [], ...withTrend, runbookUrl }
    const reason = result.reason === 'timeout' ? lateBecause(result, options, nowMs) : result.reason
    const own = (reason === undefined ? undefined : advice[result.name][reason]) ?? advice[result.name].else
    const found = causeIn(result, reason, all)
    if (found === undefined) return { cause: { sentence: own.cause }, nextSteps: own.nextSteps, ...withTrend, runbookUrl }
    const { link, cause } = found
    const deeper = advice[link.check][cause.reason ?? 'else'] ?? advice[link.check].else
    return {
      cause: {
        sentence: link.sentence,
        check: cause.name,
        ...(cause.store !== undefined && { store: cause.store }),
      },
      // Who mends the cause mends the symptom.
      nextSteps: [`See ${cause.name}: ${cause.message}.`, ...deeper.nextSteps],
      ...withTrend,
      runbookUrl,
    }
  }
}

function isBuiltIn(name: string): name is CheckName {
  return Object.hasOwn(advice, name)
}

/** The deepest check that is not well and explains this one: of the same store, or of the process. */
function causeIn(
  result: HealthCheckResult,
  reason: string | undefined,
  all: readonly HealthCheckResult[],
): { readonly link: Link; readonly cause: HealthCheckResult } | undefined {
  for (const link of chain) {
    const explained = link.explains[result.name as CheckName]
    if (explained === undefined || !explained.includes(reason ?? '')) continue
    const cause = all.find((other) => isCause(other, link) && (other.store === undefined || other.store === result.store))
    if (cause !== undefined) return { link, cause }
  }
  return undefined
}

function isCause({ name, status, reason }: HealthCheckResult, { check, reasons }: Link): boolean {
  if (name !== check || status === 'healthy' || status === 'unknown') return false
  return reasons === undefined || (reason !== undefined && reasons.includes(reason))
}

/** What held up a check that took too long, as far as the process knows: over the time of its last run. */
function lateBecause(result: HealthCheckResult, { process, registry }: ExplainerOptions, nowMs: number): string {
  const { lastCheckMs, durationSeconds } = result
  if (lastCheckMs === undefined || durationSeconds === undefined) return 'timeout'
  // It is judged at its end. Unix time on the clock of `performance.now()`, which is the clock of what the process tells.
  const toMs = lastCheckMs + (performance.now() - nowMs)
  const fromMs = toMs - durationSeconds * 1000
  return whySlow(process, { fromMs, toMs, inFlight: registry.watch.inFlight().depth })
}

function trendOfResult(result: HealthCheckResult, options: ExplainerOptions, nowMs: number): Explanation['trend'] {
  const series = result.observed?.series
  return series && trendOf(options.history, series, nowMs, limitOf(series.metric, options, nowMs))
}

/** What a number of the process' memory may come to; undefined for all others. */
function limitOf(metric: string, { history, memoryLimitBytes }: ExplainerOptions, nowMs: number): number | undefined {
  if (!metric.startsWith('wombat_process_')) return undefined
  // What is configured is for the process by itself.
  const configured = metric === 'wombat_process_group_memory_bytes' ? undefined : memoryLimitBytes
  return configured ?? largestNow(history, 'wombat_process_memory_limit_bytes', {}, nowMs)
}
