/** How far the system clock must move against the monotonic one to count as set: more than its adjustments between two reads. */
const minStepMs = 2000

/** How many settings of the clock are remembered. */
const maxSteps = 20

/**
 * The age of something of which an engine reports only when it was made, by the system clock, which may have been set since. Remembers
 * what the clock was set to, and when.
 */
export class SystemTimeAge {
  /** What was added to the monotonic time to get the system time, from the given monotonic time on. The oldest first. */
  readonly #offsets: Array<{ readonly fromMs: number; readonly offsetMs: number }> = []

  /**
   * Returns the seconds since `madeMs`, a Unix time in milliseconds. Call it, or `observe`, regularly: a step of the clock is placed at
   * the first call after it.
   */
  seconds(madeMs: number, nowMs = performance.now(), wallMs = Date.now()): number {
    this.observe(nowMs, wallMs)
    // The latest setting of the clock under which this time was in the past and after the clock was set.
    for (let index = this.#offsets.length - 1; index >= 0; index--) {
      const { fromMs, offsetMs } = this.#offsets[index] as { fromMs: number; offsetMs: number }
      const untilMs = this.#offsets[index + 1]?.fromMs ?? nowMs
      const madeAtMs = madeMs - offsetMs
      // Engines report whole seconds.
      if (madeAtMs >= fromMs - 1000 && madeAtMs <= untilMs + 1000) return Math.max(0, nowMs - madeAtMs) / 1000
    }
    // It is from before the first call.
    const first = this.#offsets[0]
    return first === undefined ? 0 : Math.max(0, nowMs - (madeMs - first.offsetMs)) / 1000
  }

  /** Notices that the clock was set. */
  observe(nowMs = performance.now(), wallMs = Date.now()): void {
    const offsetMs = wallMs - nowMs
    const last = this.#offsets.at(-1)
    if (last !== undefined && Math.abs(offsetMs - last.offsetMs) < minStepMs) return
    this.#offsets.push({ fromMs: nowMs, offsetMs })
    if (this.#offsets.length > maxSteps) this.#offsets.shift()
  }
}
