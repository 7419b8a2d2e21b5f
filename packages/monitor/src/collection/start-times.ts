import type { Clock } from '../time/clock.ts'

/** A start time is moved only if the system clock was set: receivers read every change of it as a restart. */
const minChangeMs = 1000

/** Converts when series were created, as `performance.timeOrigin + performance.now()`, to Unix time. */
export class StartTimes {
  readonly #clock: Clock
  #offsetMs: number | undefined
  #nowMs = Number.POSITIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Reads the clock, before the start times of one collection are converted. Returns the Unix time in milliseconds. */
  update(): number {
    this.#clock.synchronize()
    this.#nowMs = this.#clock.nowMs()
    const offsetMs = this.#nowMs - performance.timeOrigin - performance.now()
    if (Math.abs(offsetMs - (this.#offsetMs ?? Number.POSITIVE_INFINITY)) >= minChangeMs) this.#offsetMs = offsetMs
    return this.#nowMs
  }

  /** Returns the Unix time in milliseconds: at most that of the last update. */
  toUnixMs(startMs: number): number {
    return Math.min(Math.round(startMs + (this.#offsetMs ?? 0)), this.#nowMs)
  }
}
