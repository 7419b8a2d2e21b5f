import { errorKind } from '@wombat/instrumentation'
import type { Explain, Explanation, HealthCheckResult } from './check.ts'
import type { SaidOnce } from './said-once.ts'

/** The results with, for each that is not healthy, why. An explanation that fails is left out. */
export function explained(
  results: readonly HealthCheckResult[],
  explain: Explain | undefined,
  nowMs: number,
  notes: SaidOnce,
): readonly HealthCheckResult[] {
  const explanationOf = (result: HealthCheckResult): Explanation | undefined => {
    if (result.status === 'healthy') return undefined
    try {
      return explain?.(result, results, nowMs)
    } catch (error) {
      notes.warn(`explain ${result.name}`, { check: result.name, kind: errorKind(error) }, 'health could not be explained')
      return undefined
    }
  }
  return Object.freeze(results.map((result) => Object.freeze({ ...explanationOf(result), ...result })))
}
