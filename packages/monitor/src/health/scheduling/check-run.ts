import { errorKind } from '@wombat/instrumentation/internal'
import type { CheckContext, Finding, HealthCheck } from '../check.ts'
import type { ResolvedCheckSettings } from '../registry/check-settings.ts'
import { healthStatuses } from '../status.ts'
import { deadline } from './deadline.ts'

/** One run of one check. */
export interface CheckRun {
  /** What it found, or that it failed, or was late; at the latest when its time is over. Never rejects. */
  readonly outcome: Promise<CheckOutcome>
  /** When the check itself is done, which may be long after its time, or never. Never rejects. */
  readonly settled: Promise<void>
  /** Says by the signal that nobody waits any more; the outcome comes at once. */
  abort(): void
}

export interface CheckOutcome {
  readonly finding: Finding
  readonly durationSeconds: number
}

/** Runs a check, with an end to its time. Whatever it does becomes a finding. */
export function startCheckRun(
  check: HealthCheck,
  { timeoutMs, statusOnError }: Pick<ResolvedCheckSettings, 'timeoutMs' | 'statusOnError'>,
  context: Omit<CheckContext, 'signal'>,
): CheckRun {
  const controller = new AbortController()
  const time = deadline(timeoutMs)
  const startMs = performance.now()
  const answer = new Promise((resolve) => resolve(check.run({ ...context, signal: controller.signal })))
  const found = answer.then(
    (value) => toFinding(value) ?? failure(statusOnError, 'The check returned no finding'),
    (error: unknown) => failure(statusOnError, `The check failed with ${errorKind(error)}`),
  )
  const late = time.expired.then((): Finding => {
    controller.abort(new DOMException(`the check did not finish within ${timeoutMs} ms`, 'TimeoutError'))
    return { status: statusOnError, message: `The check did not finish within ${timeoutMs} ms`, reason: 'timeout' }
  })
  return {
    outcome: Promise.race([found, late]).then((finding) => {
      time.clear()
      return { finding, durationSeconds: (performance.now() - startMs) / 1000 }
    }),
    settled: found.then(() => {}),
    abort: () => {
      controller.abort()
      time.expireNow()
    },
  }
}

function failure(status: Finding['status'], message: string): Finding {
  return { status, message, reason: 'exception' }
}

/** A copy of what a check returned, so that it stays as it was; undefined where that is no finding. */
function toFinding(value: unknown): Finding | undefined {
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
