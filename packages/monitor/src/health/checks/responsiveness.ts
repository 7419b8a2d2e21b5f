import type { ProcessState } from '../../process/process-state.ts'
import type { HealthBounds } from '../bounds.ts'
import type { Finding } from '../check.ts'
import { above, thresholdLevel, worstFinding } from './threshold-levels.ts'

/** What kept the process from working, at the longest, since it was last looked at. In seconds. */
export interface Blocked {
  readonly loopSeconds: number
  readonly poolSeconds: number
  readonly poolSize: number
}

/** Whether the process comes to its work: every store in it waits for its event loop, and most for its thread pool. */
export class Responsiveness {
  readonly #process: ProcessState
  readonly #bounds: HealthBounds
  #sinceMs = performance.now()

  constructor(process: ProcessState, bounds: HealthBounds) {
    this.#process = process
    this.#bounds = bounds
  }

  run(): Finding {
    const sinceMs = this.#sinceMs
    this.#sinceMs = performance.now()
    const blocked = {
      loopSeconds: this.#process.longestLoopBlockSeconds(sinceMs),
      poolSeconds: this.#process.longestPoolWaitSeconds(sinceMs),
      poolSize: this.#process.poolSize,
    }
    return responsivenessFinding(blocked, this.#bounds)
  }
}

/** What it means that the process was blocked for so long. Pure. */
export function responsivenessFinding({ loopSeconds, poolSeconds, poolSize }: Blocked, bounds: HealthBounds): Finding {
  const loop = `The event loop was blocked for ${loopSeconds.toFixed(1)} s`
  const pool = `All ${poolSize} threads of the pool were busy for ${poolSeconds.toFixed(1)} s`
  const findings = [
    ...finding('event_loop', 'longest time without a turn of the event loop', loop, loopSeconds, bounds),
    ...finding('thread_pool', 'longest wait for a thread of the pool', pool, poolSeconds, bounds),
  ]
  const bound = bounds.blockedDegradedSeconds
  const value = Math.max(loopSeconds, poolSeconds)
  const observed = { name: 'longest time without progress', value, unit: 's', bound }
  return worstFinding(findings) ?? { status: 'healthy', message: 'The process is responsive', observed }
}

function finding(reason: string, what: string, message: string, value: number, bounds: HealthBounds): Finding[] {
  // A block that was is not there any more: there is nothing to leave, and each one is told by itself.
  const level = (status: 'unhealthy' | 'degraded', enter: number) => ({ status, enter, leave: enter })
  const levels = [level('unhealthy', bounds.blockedUnhealthySeconds), level('degraded', bounds.blockedDegradedSeconds)]
  const found = thresholdLevel(value, levels, 'healthy', above)
  if (found === undefined) return []
  return [{ status: found.status, message, reason, observed: { name: what, value, unit: 's', bound: found.bound } }]
}
