import { performance } from 'node:perf_hooks'
import type { Histogram, MetricsRegistry } from '@wombat/instrumentation'
import { applicationStart } from './application-start.ts'
import { type Interval, Intervals, overlapMs } from './intervals.ts'
import { type Delays, NativeDelays } from './native-delays.ts'

/** Interval of the timer that measures the event loop. */
export const tickIntervalMs = 20
/** The same while it rests. */
const restIntervalMs = 1000
/** Shortest delay that counts as a block: less is the inaccuracy of the timer, or ordinary work. */
const minBlockMs = 10
/** Shortest block of which the listener is notified. */
const minReportedMs = 100

/** The clock and the iteration count of the event loop. */
export interface LoopClock {
  now(): number
  /** Returns how often the event loop has iterated. */
  iterations(): number
  /** Returns when the application had started. Before, its modules were loaded, and the event loop was not expected to iterate. */
  startedMs(): number
}

/** Measures the delays of the event loop while the timer rests. */
export interface RestDelays {
  start(): void
  stop(): void
  /** Returns the delays since the last call. */
  take(): Delays
}

const systemClock: LoopClock = {
  now: () => performance.now(),
  iterations: () => performance.nodeTiming.uvMetricsInfo.loopCount,
  startedMs: () => applicationStart().timeMs,
}

/** A period in which the event loop did not iterate. */
interface Block extends Interval {
  /** Number of the iteration that ended the block. */
  readonly iteration: number
  /** Whether the application was starting. It delays results, but is no fault of the application. */
  readonly isStartUp: boolean
}

/**
 * Records when the event loop was blocked: an unreferenced timer fires late by as much. Blocks of 10 ms or more are recorded,
 * accurate to 20 ms. A block cannot be observed while it lasts, but code that runs in the iteration that ends it, before the
 * timer, already finds it here.
 *
 * While it rests, Node measures without running JavaScript. How long the loop was blocked is then known, accurate to 50 ms, and when, to a
 * second: a block is dated as if it had just ended when it is read.
 *
 * A stopped process (by a signal, a debugger, a frozen container) has a blocked event loop and is recorded as such. On Linux the
 * clock stops while the machine sleeps, so a sleep is not recorded; elsewhere it is one long block.
 */
export class EventLoop {
  readonly #registry: MetricsRegistry
  readonly #clock: LoopClock
  readonly #delay: Histogram
  readonly #onBlock: ((block: Interval) => void) | undefined
  readonly #blocks = new Intervals<Block>()
  readonly #restDelays: RestDelays
  #lastTickMs: number
  #lastDelayMs = 0
  #intervalMs = tickIntervalMs
  #timer: NodeJS.Timeout | undefined
  #onTick: (nowMs: number) => void = () => {}
  #stop: (() => void) | undefined

  /** @param onBlock called after each block of 100 ms or more, except for the start of the application. */
  constructor(
    registry: MetricsRegistry,
    clock: LoopClock = systemClock,
    onBlock?: (block: Interval) => void,
    restDelays: RestDelays = new NativeDelays(),
  ) {
    this.#registry = registry
    this.#clock = clock
    this.#onBlock = onBlock
    this.#restDelays = restDelays
    this.#delay = registry.histogram('wombat_process_event_loop_delay_seconds')
    registry.counter('wombat_process_event_loop_active_seconds_total')
    this.#lastTickMs = clock.now()
  }

  /**
   * Starts the timer. The process is not kept alive.
   *
   * @param onTick called at each tick with the time.
   */
  start(onTick: (nowMs: number) => void = () => {}): void {
    if (this.#stop !== undefined) return
    this.#onTick = onTick
    // From the start: it measures nothing before its second run.
    this.#restDelays.start()
    this.#setTimer(tickIntervalMs)
    const removeCollector = this.#registry.collectors.add(createActiveTimeCollector(this.#registry))
    this.#stop = () => {
      if (this.isResting) this.wake()
      clearInterval(this.#timer)
      this.#restDelays.stop()
      removeCollector()
    }
  }

  /** Whether the timer runs only once a second. */
  get isResting(): boolean {
    return this.#intervalMs === restIntervalMs
  }

  /** Lets the timer run only once a second, because nothing waits for the event loop. */
  rest(): void {
    if (this.#stop === undefined || this.isResting) return
    // What was before is recorded by the timer.
    this.#restDelays.take()
    this.#setTimer(restIntervalMs)
  }

  /** Lets the timer run as usual again. */
  wake(): void {
    if (!this.isResting) return
    this.#readRest(this.#clock.now())
    this.#setTimer(tickIntervalMs)
  }

  /** Stops the timer. */
  close(): void {
    this.#stop?.()
    this.#stop = undefined
  }

  /** Records the delay of this tick. Returns the time. */
  tick(): number {
    const nowMs = this.#clock.now()
    if (this.isResting) {
      this.#lastDelayMs = 0
      this.#readRest(nowMs)
      this.#lastTickMs = nowMs
      return nowMs
    }
    const startedMs = this.#clock.startedMs()
    this.#lastDelayMs = Math.max(0, nowMs - Math.max(this.#lastTickMs + tickIntervalMs, startedMs))
    if (startedMs <= nowMs) this.#delay.record(this.#lastDelayMs / 1000)
    for (const block of this.#findBlocks(nowMs).reverse()) this.#addBlock(block)
    this.#lastTickMs = nowMs
    return nowMs
  }

  #setTimer(intervalMs: number): void {
    clearInterval(this.#timer)
    this.#intervalMs = intervalMs
    this.#lastTickMs = this.#clock.now()
    this.#timer = setInterval(() => this.#onTick(this.tick()), intervalMs).unref()
  }

  /** Records what was measured while the timer rested. Several blocks are dated one after the other. */
  #readRest(nowMs: number): void {
    const { longMs, shortCount, shortMeanMs } = this.#restDelays.take()
    if (this.#clock.startedMs() > nowMs) return
    this.#lastDelayMs = Math.max(this.#lastDelayMs, longMs.at(-1) ?? shortMeanMs)
    if (shortCount > 0) this.#delay.record(shortMeanMs / 1000, shortCount)
    let toMs = nowMs
    const blocks: Block[] = []
    for (const delayMs of longMs.toReversed()) {
      this.#delay.record(delayMs / 1000)
      blocks.push({ fromMs: toMs - delayMs, toMs, iteration: this.#clock.iterations(), isStartUp: false })
      toMs -= delayMs
    }
    for (const block of blocks.reverse()) this.#addBlock(block)
  }

  #addBlock(block: Block): void {
    this.#blocks.add(block)
    if (!block.isStartUp && block.toMs - block.fromMs >= minReportedMs) this.#onBlock?.(block)
  }

  /** Returns for how long the event loop was blocked within a period, without the start of the application. */
  blockedSeconds(fromMs: number, toMs: number): number {
    let blockedMs = 0
    for (const block of this.#blocksSince(fromMs)) if (!block.isStartUp) blockedMs += overlapMs(block, fromMs, toMs)
    return blockedMs / 1000
  }

  /** Returns the longest block that ended after `sinceMs`, or is still active, without the start of the application. */
  longestBlockSeconds(sinceMs: number): number {
    let longestMs = 0
    for (const { fromMs, toMs, isStartUp } of this.#blocksSince(sinceMs)) {
      if (!isStartUp) longestMs = Math.max(longestMs, toMs - fromMs)
    }
    return longestMs / 1000
  }

  /**
   * Returns for how long a result that is delivered in the current iteration may have waited. An iteration delivers everything
   * that is ready, so only a block before the current iteration or the previous one can have delayed it. The start of the application
   * delays results as well.
   *
   * @param leadMs time before each block that counts as blocked too, because the block may have started earlier.
   */
  deliveryDelaySeconds(sinceMs: number, leadMs = 0): number {
    const currentIteration = this.#clock.iterations()
    let delayMs = 0
    for (const { fromMs, toMs, iteration } of this.#blocksSince(sinceMs)) {
      if (currentIteration - iteration <= 1) delayMs += overlapMs({ fromMs: fromMs - leadMs, toMs }, sinceMs, toMs)
    }
    return delayMs / 1000
  }

  /** Returns whether the event loop is known to have iterated after this time. */
  hasIteratedSince(fromMs: number): boolean {
    return this.#lastTickMs > fromMs
  }

  /** Returns the current delay or, if the loop is on time, the delay of the last tick. */
  delaySeconds(): number {
    const dueMs = Math.max(this.#lastTickMs + this.#intervalMs, this.#clock.startedMs())
    const currentMs = this.#stop === undefined ? 0 : this.#clock.now() - dueMs
    return Math.max(this.#lastDelayMs, currentMs) / 1000
  }

  *#blocksSince(fromMs: number): Generator<Block> {
    if (this.isResting) this.#readRest(this.#clock.now())
    else if (this.#stop !== undefined) yield* this.#findBlocks(this.#clock.now())
    yield* this.#blocks.since(fromMs)
  }

  /**
   * Returns the block that lasts, or has just ended before the timer could fire: the part after the start of the application, and the
   * part before. Returns none if the loop is on time.
   */
  #findBlocks(nowMs: number): Block[] {
    const dueMs = this.#lastTickMs + tickIntervalMs
    if (nowMs - dueMs < minBlockMs) return []
    const startedMs = Math.min(Math.max(dueMs, this.#clock.startedMs()), nowMs)
    const iteration = this.#clock.iterations()
    return [
      { fromMs: startedMs, toMs: nowMs, iteration, isStartUp: false },
      { fromMs: dueMs, toMs: startedMs, iteration, isStartUp: true },
    ].filter(({ fromMs, toMs }) => toMs - fromMs >= minBlockMs)
  }
}

/** Creates a collector that adds the time for which the event loop was active since the last collection, or the application's start. */
function createActiveTimeCollector(registry: MetricsRegistry): () => void {
  const counter = registry.counter('wombat_process_event_loop_active_seconds_total')
  let lastActiveMs = performance.eventLoopUtilization().active
  return () => {
    const activeMs = performance.eventLoopUtilization().active
    counter.add(Math.max(0, activeMs - Math.max(lastActiveMs, applicationStart().activeMs)) / 1000)
    lastActiveMs = activeMs
  }
}
