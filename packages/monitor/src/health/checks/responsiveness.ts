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
} as const satisfies Bounds

type ResponsivenessBounds = BoundValues<typeof bounds>

/** Checks whether the event loop or the thread pool was blocked since the last run: every store of the process waits for them. */
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
        const sinceMs = lastRunMs
        lastRunMs = performance.now()
        const blocked = {
          loopSeconds: process.longestLoopBlockSeconds(sinceMs),
          poolSeconds: process.longestPoolWaitSeconds(sinceMs),
          poolSize: process.poolSize,
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
}

/** Returns the finding for the longest block of the event loop and of the thread pool. Pure. */
export function evaluateResponsiveness(
  { loopSeconds, poolSeconds, poolSize }: BlockDurations,
  bounds: ResponsivenessBounds,
): Finding {
  const loop = `The event loop was blocked for ${loopSeconds.toFixed(1)} s`
  const pool = `All ${poolSize} threads of the pool were busy for ${poolSeconds.toFixed(1)} s`
  const findings = [
    ...evaluateBlock('event_loop', 'longest event loop block', loop, loopSeconds, bounds),
    ...evaluateBlock('thread_pool', 'longest thread pool wait', pool, poolSeconds, bounds),
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
