import { uptime } from 'node:os'

/** A change of the system clock that was not the passing of time: someone, or NTP, set it. */
export interface ClockStep {
  /** How far the clock moved, in milliseconds: positive if it was set forward. */
  readonly deltaMs: number
  /** Unix time in milliseconds, by the new setting. */
  readonly atMs: number
}

/**
 * The one clock of a monitoring: Unix time that passes evenly. It is read from a monotonic clock, anchored to the system clock.
 * When the system clock is set, everything that keeps a time is moved by the same amount, in one `synchronize()`: afterwards the
 * past is dated by the new setting, durations are as they were, and no time is later than `nowMs()`.
 */
export interface Clock {
  /** Returns Unix time in milliseconds. Between two steps it only grows, whatever happens to the system clock. */
  nowMs(): number
  /** Returns a monotonic time in milliseconds, for durations only. It has no relation to `nowMs()`. */
  monotonicMs(): number
  /** Sum of all steps, in milliseconds: `nowMs() - stepsMs` passes evenly from the start on. */
  readonly stepsMs: number
  /** Compares with the system clock and, if it was set, calls every listener. Cheap: call it before work that reads the time. */
  synchronize(): void
  /** Calls a listener at each step, in the order of subscription. Returns a function that unsubscribes. */
  onStep(listener: (step: ClockStep) => void): () => void
}

/** What `SystemClock` reads, each in milliseconds. */
export interface ClockSources {
  /** Unix time by the system clock. */
  readonly wallMs: () => number
  /** Monotonic time. It may stop while the machine is suspended. */
  readonly monotonicMs: () => number
  /** Time since the machine started, with the time it was suspended. Accurate to about 10 ms. */
  readonly uptimeMs: () => number
}

/** A difference of less than this is absorbed gradually: NTP corrects by slewing, and no two clocks agree exactly. */
const toleranceMs = 1000
/** While a small difference is absorbed, a second lasts at most this much longer or shorter. */
const maxSlew = 0.1
/** The machine was suspended if its uptime grew by this much more than the monotonic clock. Some systems count whole seconds. */
const minSuspensionMs = 5000

const systemSources: ClockSources = {
  // Not bound once: a test, or a library for tests, may replace it later.
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  uptimeMs: () => uptime() * 1000,
}

/**
 * The clock of the machine. The time that the machine was suspended counts as time that passed, not as a step: `uptime` tells the
 * two apart.
 */
export class SystemClock implements Clock {
  readonly #sources: ClockSources
  readonly #listeners = new Set<(step: ClockStep) => void>()
  #stepsMs = 0
  #anchorWallMs: number
  #anchorMonotonicMs: number
  #anchorUptimeMs: number

  constructor(sources: Partial<ClockSources> = {}) {
    this.#sources = { ...systemSources, ...sources }
    this.#anchorWallMs = this.#sources.wallMs()
    this.#anchorMonotonicMs = this.#sources.monotonicMs()
    this.#anchorUptimeMs = this.#sources.uptimeMs()
  }

  nowMs(): number {
    return Math.round(this.#anchorWallMs + this.#sources.monotonicMs() - this.#anchorMonotonicMs)
  }

  monotonicMs(): number {
    return this.#sources.monotonicMs()
  }

  get stepsMs(): number {
    return this.#stepsMs
  }

  synchronize(): void {
    const monotonicMs = this.#sources.monotonicMs()
    const uptimeMs = this.#sources.uptimeMs()
    const wallMs = this.#sources.wallMs()
    // A test that replaces `Date` may return anything.
    if (!Number.isFinite(wallMs)) return
    const elapsedMs = monotonicMs - this.#anchorMonotonicMs
    const suspendedMs = uptimeMs - this.#anchorUptimeMs - elapsedMs
    const passedMs = elapsedMs + (suspendedMs >= minSuspensionMs ? suspendedMs : 0)
    const expectedMs = this.#anchorWallMs + passedMs
    const differenceMs = wallMs - expectedMs
    this.#anchorMonotonicMs = monotonicMs
    this.#anchorUptimeMs = uptimeMs
    if (Math.abs(differenceMs) < toleranceMs) {
      const maxCorrectionMs = passedMs * maxSlew
      this.#anchorWallMs = expectedMs + Math.max(-maxCorrectionMs, Math.min(maxCorrectionMs, differenceMs))
      return
    }
    this.#anchorWallMs = wallMs
    const step = { deltaMs: Math.round(differenceMs), atMs: wallMs }
    this.#stepsMs += step.deltaMs
    for (const listener of this.#listeners) listener(step)
  }

  onStep(listener: (step: ClockStep) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/**
 * A clock for tests: time passes with `advance()`, and the clock is set with `step()`.
 *
 * @example
 * ```ts
 * import { ManualClock } from '@wombat/monitor'
 *
 * const clock = new ManualClock(1_800_000_000_000)
 * clock.advance(10_000)
 * if (clock.nowMs() !== 1_800_000_010_000) throw new Error('expected ten seconds later')
 * ```
 */
export class ManualClock implements Clock {
  readonly #listeners = new Set<(step: ClockStep) => void>()
  #nowMs: number
  #stepsMs = 0
  #monotonicMs = 0

  /** @param nowMs Unix time in milliseconds at the start (default 2027-01-15 08:00 UTC). */
  constructor(nowMs = 1_800_000_000_000) {
    this.#nowMs = nowMs
  }

  nowMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  get stepsMs(): number {
    return this.#stepsMs
  }

  /** Lets milliseconds pass. @throws RangeError if they are negative: use `step()` to set the clock. */
  advance(milliseconds: number): void {
    if (!(milliseconds >= 0))
      throw new RangeError(`advance takes milliseconds from 0, got ${milliseconds}: step() sets the clock`)
    this.#nowMs += milliseconds
    this.#monotonicMs += milliseconds
  }

  /** Sets the clock forward, or back if negative, by milliseconds in which no time passes; calls every listener. */
  step(deltaMs: number): void {
    this.#nowMs += deltaMs
    this.#stepsMs += deltaMs
    const step = { deltaMs, atMs: this.#nowMs }
    for (const listener of this.#listeners) listener(step)
  }

  /** Does nothing: `step()` has called the listeners. */
  synchronize(): void {}

  onStep(listener: (step: ClockStep) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
