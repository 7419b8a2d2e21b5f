import type { MetricsRegistry } from '@wombat/instrumentation'
import { EventLoop } from './event-loop.ts'
import type { ProcessDelays } from './process-state.ts'
import { ThreadPool } from './thread-pool.ts'

/**
 * Watches what the process does to every operation: its event loop and its thread pool, as metrics and as what can be asked of
 * the last minutes. Once for a process. It wakes fifty times a second: half a percent of a core where nothing else does, and
 * next to nothing in a process that is at work. It keeps nobody alive.
 */
export class ProcessMonitor implements ProcessDelays {
  readonly #registry: MetricsRegistry
  readonly #loop: EventLoop
  readonly #pool: ThreadPool

  constructor(registry: MetricsRegistry) {
    this.#registry = registry
    this.#loop = new EventLoop(registry)
    this.#pool = new ThreadPool(registry, this.#loop)
  }

  start(): void {
    const { observer } = this.#registry
    this.#loop.start((nowMs) => {
      observer.markInFlight(nowMs)
      this.#pool.probe(nowMs, observer.inFlight())
    })
  }

  close(): void {
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
