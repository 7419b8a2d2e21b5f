import { performance } from 'node:perf_hooks'
import type { Histogram, MetricsRegistry } from '@wombat/instrumentation'
import { type Interval, Intervals, overlapMs } from './intervals.ts'

/** How often the loop is asked to come by. */
export const tickIntervalMs = 20
/** From how late on it counts as kept from turning: less is the timer's own inaccuracy, or ordinary work. */
const minBlockMs = 10

/** The clock and the loop, as they are asked. */
export interface LoopClock {
  now(): number
  /** How often the loop has turned. */
  iterations(): number
}

const ownClock: LoopClock = {
  now: () => performance.now(),
  iterations: () => performance.nodeTiming.uvMetricsInfo.loopCount,
}

/**
 * Remembers when the event loop did not turn: a timer that does not keep the process alive comes late by as much. A stretch is
 * known to within 20 ms, and from 10 ms of lateness on. While it lasts nobody can look, but whoever is called in the very turn
 * that ends it, before the timer is, finds it here already.
 *
 * A process that is stopped (by a signal, a debugger, a frozen container) has a loop that does not turn, and that is what is
 * remembered. A machine that sleeps stops the clock that is used here on Linux, and nothing is seen of it; where that clock
 * goes on, the sleep is one long stretch.
 */
export class EventLoop {
  readonly #registry: MetricsRegistry
  readonly #clock: LoopClock
  readonly #delay: Histogram
  readonly #blocks = new Intervals()
  #lastMs: number
  #lateMs = 0
  #stop: (() => void) | undefined

  constructor(registry: MetricsRegistry, clock: LoopClock = ownClock) {
    this.#registry = registry
    this.#clock = clock
    this.#delay = registry.histogram('wombat_process_event_loop_delay_seconds')
    registry.counter('wombat_process_event_loop_active_seconds_total')
    this.#lastMs = clock.now()
  }

  /** @param each called at each tick, with the time. */
  start(each: (nowMs: number) => void = () => {}): void {
    if (this.#stop !== undefined) return
    this.#lastMs = this.#clock.now()
    const timer = setInterval(() => each(this.tick()), tickIntervalMs).unref()
    const forget = this.#registry.collectors.add(activeTime(this.#registry))
    this.#stop = () => {
      clearInterval(timer)
      forget()
    }
  }

  close(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  /** The loop came by. Returns the time. */
  tick(): number {
    const nowMs = this.#clock.now()
    this.#lateMs = Math.max(0, nowMs - this.#lastMs - tickIntervalMs)
    this.#delay.record(this.#lateMs / 1000)
    if (this.#lateMs >= minBlockMs) {
      this.#blocks.add({ fromMs: nowMs - this.#lateMs, toMs: nowMs, mark: this.#clock.iterations() })
    }
    this.#lastMs = nowMs
    return nowMs
  }

  /** How long, within this time, the loop was kept from turning. */
  blockedSeconds(fromMs: number, toMs: number): number {
    let blockedMs = 0
    for (const stretch of this.#since(fromMs)) blockedMs += overlapMs(stretch, fromMs, toMs)
    return blockedMs / 1000
  }

  longestBlockSeconds(sinceMs: number): number {
    const { fromMs, toMs } = this.#present()
    return Math.max(this.#blocks.longestMs(sinceMs), toMs - fromMs) / 1000
  }

  /**
   * How long, since then, what comes back in the present turn of the loop may have lain ready: what a turn finds ready it
   * delivers, so that a stretch before the turn before this one delayed nothing. With a lead, the time before each stretch in
   * which the loop may have stood still already counts as well.
   */
  deliveryDelaySeconds(sinceMs: number, leadMs = 0): number {
    const turn = this.#clock.iterations()
    let heldMs = 0
    for (const { fromMs, toMs, mark } of this.#since(sinceMs)) {
      if (turn - mark <= 1) heldMs += overlapMs({ fromMs: fromMs - leadMs, toMs }, sinceMs, toMs)
    }
    return heldMs / 1000
  }

  /** Whether the loop is known to have turned since then. */
  hasIteratedSince(fromMs: number): boolean {
    return this.#lastMs > fromMs
  }

  /** How late the loop is now or, where it is in time, was when it came by last. */
  delaySeconds(): number {
    const presentMs = this.#stop === undefined ? 0 : this.#clock.now() - this.#lastMs - tickIntervalMs
    return Math.max(this.#lateMs, presentMs) / 1000
  }

  *#since(fromMs: number): Generator<Interval> {
    const present = this.#present()
    if (present.toMs > present.fromMs) yield present
    yield* this.#blocks.since(fromMs)
  }

  /** The stretch that goes on, or ended so lately that the timer has not had its turn: empty where the loop is in time, or not watched. */
  #present(): Interval {
    const nowMs = this.#clock.now()
    const dueMs = this.#lastMs + tickIntervalMs
    const isLate = this.#stop !== undefined && nowMs - dueMs >= minBlockMs
    return { fromMs: isLate ? dueMs : nowMs, toMs: nowMs, mark: this.#clock.iterations() }
  }
}

/** Adds, each time it is called, the time in which the loop was busy since the last. */
function activeTime(registry: MetricsRegistry): () => void {
  const active = registry.counter('wombat_process_event_loop_active_seconds_total')
  let before = performance.eventLoopUtilization().active
  return () => {
    const now = performance.eventLoopUtilization().active
    active.add(Math.max(0, now - before) / 1000)
    before = now
  }
}
