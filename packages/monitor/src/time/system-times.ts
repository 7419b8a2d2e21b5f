import type { Clock } from './clock.ts'

/** How much the times of a step may be off: it is noticed within a second. */
const toleranceMs = 1500
/** How many steps are remembered. */
const maxSteps = 20

interface Step {
  readonly deltaMs: number
  /** Unix time in milliseconds at which the clock was set, by the new setting, without later steps. */
  readonly atMs: number
}

/**
 * Dates what others have dated by the system clock, a moment ago, such as the lines of an engine's log: the clock may have been set
 * since.
 */
export class SystemTimes {
  readonly #clock: Clock
  readonly #steps: Step[] = []
  readonly #unsubscribe: () => void

  constructor(clock: Clock) {
    this.#clock = clock
    this.#unsubscribe = clock.onStep((step) => {
      this.#steps.push(step)
      if (this.#steps.length > maxSteps) this.#steps.shift()
    })
  }

  /** Returns the time on the monitoring's clock, at most now. It was dated under the latest setting that makes it plausible. */
  toClockMs(systemMs: number): number {
    let shiftMs = 0
    let untilMs = this.#clock.nowMs()
    const nowMs = untilMs
    for (const { deltaMs, atMs } of this.#steps.toReversed()) {
      const sinceMs = atMs + shiftMs
      const timeMs = systemMs + shiftMs
      if (timeMs >= sinceMs - toleranceMs && timeMs <= untilMs + toleranceMs) break
      shiftMs += deltaMs
      untilMs = sinceMs
    }
    return Math.min(nowMs, systemMs + shiftMs)
  }

  close(): void {
    this.#unsubscribe()
  }
}
