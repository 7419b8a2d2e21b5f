import type { MetricsRegistry } from '@wombat/instrumentation'
import { EventLoop } from './event-loop.ts'
import type { Interval } from './intervals.ts'
import type { ProcessDelays } from './process-state.ts'
import { type QueuedWork, ThreadPool } from './thread-pool.ts'

/** At so many ticks in a row no operation must have been in flight before the measuring rests: a second, without blocks of the event loop. */
const restAfterTicks = 50
/** After so many milliseconds the thread pool is probed although no operation is in flight. */
const firstProbeMs = 200

/**
 * Measures the event loop and the thread pool, as metrics and as delays of the last minutes. One per process is enough. It wakes
 * up fifty times a second while operations are in flight, and once a second when none has been for a while. It does not keep the
 * process alive.
 */
export class ProcessMonitor implements ProcessDelays {
  readonly #registry: MetricsRegistry
  readonly #loop: EventLoop
  readonly #pool: ThreadPool
  /** How many ticks in a row have found no operation in flight. */
  #idleTicks = 0
  /** When each work that is no operation of a store began to wait. */
  readonly #watched = new Set<{ readonly fromMs: number }>()

  /** @param onBlock called after each block of the event loop of 100 ms or more, in milliseconds of `performance.now()`. */
  constructor(registry: MetricsRegistry, onBlock?: (block: Interval) => void) {
    this.#registry = registry
    this.#loop = new EventLoop(registry, undefined, onBlock)
    this.#pool = new ThreadPool(registry, this.#loop)
  }

  /** Starts measuring. */
  start(): void {
    const { observer } = this.#registry
    this.#idleTicks = 0
    const startMs = performance.now()
    this.#loop.start((nowMs) => {
      observer.markInFlight(nowMs)
      observer.adaptTiming(nowMs)
      const work = this.#findWork(nowMs)
      // A process that starts has better things to do than to load what a probe needs.
      if (work.depth > 0 || nowMs - startMs >= firstProbeMs) this.#pool.probe(nowMs, work)
      if (work.depth > 0) this.#wake()
      else if (++this.#idleTicks >= restAfterTicks) this.#rest()
    })
  }

  #findWork(nowMs: number): QueuedWork {
    let { depth, oldestSeconds } = this.#registry.observer.inFlight()
    depth += this.#watched.size
    for (const { fromMs } of this.#watched) oldestSeconds = Math.max(oldestSeconds, (nowMs - fromMs) / 1000)
    return { depth, oldestSeconds }
  }

  watch(): () => void {
    const watched = { fromMs: performance.now() }
    this.#watched.add(watched)
    this.#wake()
    return () => {
      this.#watched.delete(watched)
    }
  }

  #rest(): void {
    this.#loop.rest()
    this.#registry.observer.onNextOperation = () => this.#wake()
  }

  #wake(): void {
    this.#idleTicks = 0
    this.#registry.observer.onNextOperation = undefined
    this.#loop.wake()
  }

  /** Stops measuring. The last minutes stay readable. */
  close(): void {
    this.#registry.observer.onNextOperation = undefined
    this.#loop.close()
  }

  get poolSize(): number {
    return this.#pool.size
  }

  loopBlockedSeconds(fromMs: number, toMs: number): number {
    return this.#loop.blockedSeconds(fromMs, toMs)
  }

  longestLoopBlockSeconds(sinceMs: number): number {
    return this.#loop.longestBlockSeconds(sinceMs)
  }

  poolWaitSeconds(fromMs: number, toMs: number): number {
    return this.#pool.waitSeconds(fromMs, toMs)
  }

  longestPoolWaitSeconds(sinceMs: number): number {
    return this.#pool.longestWaitSeconds(sinceMs)
  }

  loopDelaySeconds(): number {
    return this.#loop.delaySeconds()
  }

  hasIteratedSince(fromMs: number): boolean {
    return this.#loop.hasIteratedSince(fromMs)
  }

  deliveryDelaySeconds(sinceMs: number): number {
    return this.#loop.deliveryDelaySeconds(sinceMs)
  }

  externalPoolWaitSeconds(fromMs: number, toMs: number): number {
    return this.#pool.externalWaitSeconds(fromMs, toMs)
  }
}
