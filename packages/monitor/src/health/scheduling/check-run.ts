import { errorKind, permissionProblem } from '@wombat/instrumentation/internal'
import type { CheckContext, Finding, HealthCheck } from '../check.ts'
import type { ResolvedCheckSettings } from '../registry/check-settings.ts'
import { healthStatuses } from '../status.ts'
import { startDeadline } from './deadline.ts'

/** One run of one check. */
export interface CheckRun {
  /** Resolves with what the check found, or with its failure or timeout, at the latest after `timeoutMs`. Never rejects. */
  readonly outcome: Promise<CheckOutcome>
  /** Resolves when the check itself is done: possibly long after its timeout, or never. Never rejects. */
  readonly settled: Promise<void>
  /** Aborts the check's signal and resolves the outcome. */
  abort(): void
}

/** The result of a run. */
export interface CheckOutcome {
  readonly finding: Finding
  readonly durationSeconds: number
}

/** Starts a check with a timeout. Everything it does becomes a finding, including an error. */
export function startCheckRun(
  check: HealthCheck,
  { timeoutMs, statusOnError }: Pick<ResolvedCheckSettings, 'timeoutMs' | 'statusOnError'>,
  context: Omit<CheckContext, 'signal'>,
): CheckRun {
  const controller = new AbortController()
  const deadline = startDeadline(timeoutMs)
  const startMs = performance.now()
  const result = new Promise((resolve) => resolve(check.run({ ...context, signal: controller.signal })))
  const checkFinding = result.then(
    (value) => parseFinding(value) ?? createFailure(statusOnError, 'The check returned an invalid finding'),
    (error: unknown) => createRefusal(error) ?? createFailure(statusOnError, `The check failed with ${errorKind(error)}`),
  )
  const timeoutFinding = deadline.expired.then((): Finding => {
    controller.abort(new DOMException(`the check did not finish within ${timeoutMs} ms`, 'TimeoutError'))
    return { status: statusOnError, message: `The check did not finish within ${timeoutMs} ms`, reason: 'timeout' }
  })
  return {
    outcome: Promise.race([checkFinding, timeoutFinding]).then((finding) => {
      deadline.clear()
      return { finding, durationSeconds: (performance.now() - startMs) / 1000 }
    }),
    settled: checkFinding.then(() => {}),
    abort: () => {
      controller.abort()
      deadline.expireNow()
    },
  }
}

/** Returns the finding of a check that may not read what it needs; undefined if it failed otherwise. */
function createRefusal(error: unknown): Finding | undefined {
  const problem = permissionProblem(error)
  return problem === undefined ? undefined : { status: 'unknown', message: `Cannot measure: ${problem}`, reason: 'unmeasurable' }
}

function createFailure(status: Finding['status'], message: string): Finding {
  return { status, message, reason: 'exception' }
}

/** Returns a frozen copy of a check's result, so the check cannot change it later; undefined if it is not a valid finding. */
function parseFinding(value: unknown): Finding | undefined {
  try {
    const { status, message, observed, reason } = value as Finding
    if (!healthStatuses.includes(status) || typeof message !== 'string') return undefined
    if (observed !== undefined && !Number.isFinite(observed.value)) return undefined
    return Object.freeze({
      status,
      message,
      ...(observed !== undefined && { observed: Object.freeze({ ...observed }) }),
      ...(reason !== undefined && { reason }),
    })
  } catch {
    return undefined
  }
}
