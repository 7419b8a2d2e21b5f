import type { Finding, HealthCheck } from '../check.ts'
import type { Bounds, BoundValues } from './bound.ts'
import type { CheckDependencies, ProcessCheck } from './built-in-check.ts'
import { blockedEventLoop, fullThreadPool } from './remediation.ts'
import { above, thresholdLevel, worstFinding } from './threshold-levels.ts'

const bounds = {
  blockedDegradedSeconds: {
    value: 1,
    unit: 'seconds',
    description: 'an event loop or thread pool that was blocked for longer is degraded',
    below: 'blockedUnhealthySeconds',
  },
  blockedUnhealthySeconds: {
    value: 5,
    unit: 'seconds',
    description: 'an event loop or thread pool that was blocked for longer is unhealthy',
  },
  blockedDegradedShare: {
    value: 0.2,
    unit: 'share',
    description: 'share of the time since the last run from which an event loop or thread pool that was blocked is degraded',
    below: 'blockedUnhealthyShare',
  },
  startupSeconds: {
    value: 10,
    unit: 'seconds',
    description: 'what blocks the process in this time after its start is not reported: it loads modules and opens stores',
  },
  blockedUnhealthyShare: {
    value: 0.7,
    unit: 'share',
    description: 'share of the time since the last run from which an event loop or thread pool that was blocked is unhealthy',
  },
} as const satisfies Bounds

/** A shorter time since the last run says little about the share. */
const minPeriodSeconds = 10

type ResponsivenessBounds = BoundValues<typeof bounds>

/**
 * Checks whether the event loop or the thread pool was blocked since the last run, once for long or for much of the time: every store of
 * the process waits for them.
 */
export const responsiveness = {
  name: 'responsiveness',
  scope: 'process',
  bounds,
  remediations: { event_loop: blockedEventLoop, thread_pool: fullThreadPool, else: blockedEventLoop },
  create({ process }: CheckDependencies, bounds: ResponsivenessBounds): HealthCheck {
    let lastRunMs = performance.now()
    return {
      name: 'responsiveness',
      run: () => {
        const nowMs = performance.now()
        const sinceMs = Math.min(nowMs, Math.max(lastRunMs, bounds.startupSeconds * 1000))
        lastRunMs = nowMs
        const blocked = {
          loopSeconds: process.longestLoopBlockSeconds(sinceMs),
          poolSeconds: process.longestPoolWaitSeconds(sinceMs),
          poolSize: process.poolSize,
          periodSeconds: (nowMs - sinceMs) / 1000,
          loopBlockedSeconds: process.loopBlockedSeconds(sinceMs, nowMs),
          poolBlockedSeconds: process.poolWaitSeconds(sinceMs, nowMs),
        }
        return evaluateResponsiveness(blocked, bounds)
      },
    }
  },
} as const satisfies ProcessCheck

/** The longest time without progress since the last run, in seconds. */
export interface BlockDurations {
  readonly loopSeconds: number
  readonly poolSeconds: number
  readonly poolSize: number
  /** The time since the last run, and for how much of it there was no progress. */
  readonly periodSeconds: number
  readonly loopBlockedSeconds: number
  readonly poolBlockedSeconds: number
}

/** Returns the finding for the longest block of the event loop and of the thread pool. Pure. */
export function evaluateResponsiveness(
  { loopSeconds, poolSeconds, poolSize, periodSeconds, loopBlockedSeconds, poolBlockedSeconds }: BlockDurations,
  bounds: ResponsivenessBounds,
): Finding {
  const loop = `The event loop was blocked for ${loopSeconds.toFixed(1)} s`
  const pool = `All ${poolSize} threads of the pool were busy for ${poolSeconds.toFixed(1)} s`
  const findings = [
    ...evaluateBlock('event_loop', 'longest event loop block', loop, loopSeconds, bounds),
    ...evaluateBlock('thread_pool', 'longest thread pool wait', pool, poolSeconds, bounds),
    ...evaluateShare('event_loop', 'The event loop was blocked', loopBlockedSeconds, periodSeconds, bounds),
    ...evaluateShare('thread_pool', `All ${poolSize} threads of the pool were busy`, poolBlockedSeconds, periodSeconds, bounds),
  ]
  const value = Math.max(loopSeconds, poolSeconds)
  const observed = { name: 'longest time without progress', value, unit: 's', bound: bounds.blockedDegradedSeconds }
  return worstFinding(findings) ?? { status: 'healthy', message: 'The process is responsive', observed }
}

function evaluateBlock(reason: string, name: string, message: string, value: number, bounds: ResponsivenessBounds): Finding[] {
  // No hysteresis: each block is over when it is measured, and is reported on its own.
  const level = (status: 'unhealthy' | 'degraded', enter: number) => ({ status, enter, leave: enter })
  const levels = [level('unhealthy', bounds.blockedUnhealthySeconds), level('degraded', bounds.blockedDegradedSeconds)]
  const reached = thresholdLevel(value, levels, 'healthy', above)
  if (reached === undefined) return []
  return [{ status: reached.status, message, reason, observed: { name, value, unit: 's', bound: reached.bound } }]
}

function evaluateShare(
  reason: string,
  subject: string,
  blockedSeconds: number,
  periodSeconds: number,
  bounds: ResponsivenessBounds,
): Finding[] {
  if (periodSeconds < minPeriodSeconds) return []
  const share = Math.min(1, blockedSeconds / periodSeconds)
  const level = (status: 'unhealthy' | 'degraded', enter: number) => ({ status, enter, leave: enter })
  const levels = [level('unhealthy', bounds.blockedUnhealthyShare), level('degraded', bounds.blockedDegradedShare)]
  const reached = thresholdLevel(share, levels, 'healthy', above)
  if (reached === undefined) return []
  const message = `${subject} for ${(share * 100).toFixed(0)} % of the last ${periodSeconds.toFixed(0)} s`
  return [
    {
      status: reached.status,
      message,
      reason,
      observed: { name: 'share of blocked time', value: share, unit: 'share', bound: reached.bound },
    },
  ]
}
