import { errorKind } from '@wombat/instrumentation'
import type { CheckContext, Finding, HealthCheck } from './check.ts'
import type { CheckPlan } from './check-plan.ts'
import { deadline } from './deadline.ts'
import { healthStatuses } from './status.ts'

/** One run of one check. */
export interface CheckRun {
  /** What it found, or that it failed, or was late; at the latest when its time is over. Never rejects. */
  readonly outcome: Promise<Outcome>
  /** When the check itself is done, which may be long after its time, or never. Never rejects. */
  readonly settled: Promise<void>
  /** Says by the signal that nobody waits any more; the outcome comes at once. */
  abort(): void
}

export interface Outcome {
  readonly finding: Finding
  readonly durationSeconds: number
}

/** Runs a check, with an end to its time. Whatever it does becomes a finding. */
export function startRun(
  check: HealthCheck,
  { timeoutMs, onFailure }: Pick<CheckPlan, 'timeoutMs' | 'onFailure'>,
  context: Omit<CheckContext, 'signal'>,
): CheckRun {
  const controller = new AbortController()
  const time = deadline(timeoutMs)
  const startMs = performance.now()
  const answer = new Promise((resolve) => resolve(check.run({ ...context, signal: controller.signal })))
  const found = answer.then(
    (value) => findingOf(value) ?? failure(onFailure, 'The check returned no finding'),
    (error: unknown) => failure(onFailure, `The check failed with ${errorKind(error)}`),
  )
  const late = time.over.then((): Finding => {
    controller.abort(new DOMException(`the check did not finish within ${timeoutMs} ms`, 'TimeoutError'))
    return { status: onFailure, message: `The check did not finish within ${timeoutMs} ms`, reason: 'timeout' }
  })
  return {
    outcome: Promise.race([found, late]).then((finding) => {
      time.clear()
      return { finding, durationSeconds: (performance.now() - startMs) / 1000 }
    }),
    settled: found.then(() => {}),
    abort: () => {
      controller.abort()
      time.cutShort()
    },
  }
}

function failure(status: Finding['status'], message: string): Finding {
  return { status, message, reason: 'exception' }
}

/** A copy of what a check returned, so that it stays as it was; undefined where that is no finding. */
function findingOf(value: unknown): Finding | undefined {
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
