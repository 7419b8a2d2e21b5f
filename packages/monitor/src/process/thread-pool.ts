import type { Histogram, MetricsRegistry } from '@wombat/instrumentation'
import { type EventLoop, tickIntervalMs } from './event-loop.ts'
import { type Interval, Intervals, overlapMs } from './intervals.ts'

/** Time between two probes while no operation waits: less than the interval of the timer at rest, which may fire a little early. */
const idleProbeMs = 990
/** Age of the oldest operation in flight from which each tick probes: operations this old are usually waiting. */
const waitingSeconds = 0.02
/** Shorter waits are only added to the histogram. */
const minWaitMs = 5

/** Operations of all stores that are in flight, and what waits like them. */
export interface QueuedWork {
  readonly depth: number
  readonly oldestSeconds: number
}

/** A probe that has not completed. */
interface Probe {
  readonly sentMs: number
  readonly queueDepth: number
}

/** A period in which a probe waited for a thread. */
interface Wait extends Interval {
  /** Operations in flight when the probe was sent. */
  readonly queueDepth: number
}

/** Work that uses a thread of the pool for almost no time. */
export type PoolWork = (done: () => void) => void

/**
 * One random byte. It is among the cheapest work that Node runs on the pool (33 µs, 9 of them to submit it; `fs.access` takes
 * the same, `hkdf` and a failing `fstat` a tenth more, `zlib` three times as long). It does not touch a file system, because
 * then it would measure the latency of that.
 */
const randomByte = Buffer.alloc(1)
// Loaded with the first probe, because that takes milliseconds.
const fillRandomByte: PoolWork = (done) => process.getBuiltinModule('node:crypto').randomFill(randomByte, done)

/**
 * Measures how long work waits for a thread of libuv's pool, with one probe at a time: the time until it completes is its wait,
 * minus the delay that the event loop may have added. A pending probe keeps the process alive, but only until the work ahead of
 * it, which does so anyway, is done.
 */
export class ThreadPool {
  /** Number of threads. Node does not report it, so it is read as libuv reads it. */
  readonly size: number
  readonly #waitHistogram: Histogram
  readonly #loop: EventLoop
  readonly #now: () => number
  readonly #work: PoolWork
  readonly #waits = new Intervals<Wait>()
  #pendingProbe: Probe | undefined
  #lastProbeMs = Number.NEGATIVE_INFINITY

  constructor(
    registry: MetricsRegistry,
    loop: EventLoop,
    now: () => number = () => performance.now(),
    work: PoolWork = fillRandomByte,
    size = threadPoolSize(process.env['UV_THREADPOOL_SIZE']),
  ) {
    this.#waitHistogram = registry.histogram('wombat_process_thread_pool_wait_seconds')
    this.#loop = loop
    this.#now = now
    this.#work = work
    this.size = size
  }

  /** Sends a probe if one is due and none is pending. Call it at each tick of the event loop. */
  probe(nowMs: number, { depth, oldestSeconds }: QueuedWork): void {
    if (this.#pendingProbe !== undefined) return
    if (oldestSeconds <= waitingSeconds && nowMs - this.#lastProbeMs < idleProbeMs) return
    this.#lastProbeMs = nowMs
    const probe = { sentMs: nowMs, queueDepth: depth }
    this.#pendingProbe = probe
    try {
      this.#work(() => this.#complete(probe))
    } catch {
      this.#pendingProbe = undefined
    }
  }

  /** Returns for how long work waited within a period. */
  waitSeconds(fromMs: number, toMs: number): number {
    return this.#sumWaits(fromMs, toMs, () => true)
  }

  /**
   * Returns the part of the wait that work other than that of measured stores caused: when the wait began, fewer operations were
   * in flight than the pool has threads, so other work held at least one. With more in flight, a store that hangs fills the pool
   * by itself; operations that wait behind other work look the same and cannot be distinguished.
   */
  externalWaitSeconds(fromMs: number, toMs: number): number {
    return this.#sumWaits(fromMs, toMs, ({ queueDepth }) => queueDepth < this.size)
  }

  /** Returns the longest wait that ended after `sinceMs`, or is still active. */
  longestWaitSeconds(sinceMs: number): number {
    const active = this.#activeWait()
    const activeMs = active === undefined ? 0 : active.toMs - active.fromMs
    return Math.max(this.#waits.longestMs(sinceMs), activeMs) / 1000
  }

  #complete(probe: Probe): void {
    const wait = this.#measureWait(probe)
    const waitMs = wait.toMs - wait.fromMs
    this.#pendingProbe = undefined
    this.#waitHistogram.record(waitMs / 1000)
    if (waitMs >= minWaitMs) this.#waits.add(wait)
  }

  #sumWaits(fromMs: number, toMs: number, isIncluded: (wait: Wait) => boolean): number {
    const active = this.#activeWait()
    let waitMs = active !== undefined && isIncluded(active) ? overlapMs(active, fromMs, toMs) : 0
    for (const wait of this.#waits.since(fromMs)) if (isIncluded(wait)) waitMs += overlapMs(wait, fromMs, toMs)
    return waitMs / 1000
  }

  /** Returns the wait of the pending probe; undefined if none is pending, or not for long. */
  #activeWait(): Wait | undefined {
    const wait = this.#pendingProbe && this.#measureWait(this.#pendingProbe)
    return wait !== undefined && wait.toMs - wait.fromMs >= minWaitMs ? wait : undefined
  }

  #measureWait({ sentMs, queueDepth }: Probe): Wait {
    const loopDelayMs = this.#loop.deliveryDelaySeconds(sentMs, tickIntervalMs) * 1000
    return { fromMs: sentMs, toMs: Math.max(sentMs, this.#now() - loopDelayMs), queueDepth }
  }
}

/** Parses `UV_THREADPOOL_SIZE` as libuv does: 4 threads if it is not set, at least 1 and at most 1024. */
export function threadPoolSize(text: string | undefined): number {
  if (text === undefined) return 4
  const size = Number.parseInt(text, 10) || 1
  return size < 0 ? 1024 : Math.min(size, 1024)
}
