import { randomFill } from 'node:crypto'
import type { Histogram, MetricsRegistry } from '@wombat/instrumentation'
import { type EventLoop, tickIntervalMs } from './event-loop.ts'
import { type Interval, Intervals, overlapMs } from './intervals.ts'

/** How often a piece of work is sent while nobody waits for anything. */
const idleMs = 1000
/** From which age of an operation in flight on one is sent at each tick: hardly any takes so long that does not wait. */
const waitingSeconds = 0.02
/** Shorter waits are measured, and not remembered. */
const noticedSeconds = 0.005

/** What is waiting: operations in flight, of all stores. */
export interface QueuedWork {
  readonly depth: number
  readonly oldestSeconds: number
}

/** A piece of work that is out. */
interface Sent {
  readonly fromMs: number
  readonly depth: number
}

/** Work that needs a thread of the pool and takes it for next to no time. */
export type PoolWork = (done: () => void) => void

/**
 * One random byte. Of what Node does on the pool it is among the cheapest there and back (33 us, 9 of them to send it; `fs.access`
 * takes the same, `hkdf` and `fstat` of no file a tenth more, `zlib` three times as long), and it touches no file system whose
 * own slowness it would measure.
 */
const byte = Buffer.alloc(1)
const oneByte: PoolWork = (done) => randomFill(byte, done)

/**
 * How long work waits for a thread of libuv's pool: one piece of work at a time is sent there, and what it takes to come back
 * is its wait, less what the event loop may have kept it waiting for. Sent by a timer that keeps nobody alive; one that is out
 * keeps the process only until it had its turn, behind work that does so anyway.
 */
export class ThreadPool {
  /** Node says nothing of it, so it is read where libuv reads it. */
  readonly size: number
  readonly #wait: Histogram
  readonly #loop: EventLoop
  readonly #now: () => number
  readonly #work: PoolWork
  /** Marked with the operations in flight when each wait began. */
  readonly #waits = new Intervals()
  #out: Sent | undefined
  #lastMs = Number.NEGATIVE_INFINITY

  constructor(
    registry: MetricsRegistry,
    loop: EventLoop,
    now: () => number = () => performance.now(),
    work: PoolWork = oneByte,
    size = threadPoolSize(process.env['UV_THREADPOOL_SIZE']),
  ) {
    this.#wait = registry.histogram('wombat_process_thread_pool_wait_seconds')
    this.#loop = loop
    this.#now = now
    this.#work = work
    this.size = size
  }

  /** To be called at each tick: sends a piece of work where it is time for one and none is out. */
  probe(nowMs: number, { depth, oldestSeconds }: QueuedWork): void {
    if (this.#out !== undefined) return
    if (oldestSeconds <= waitingSeconds && nowMs - this.#lastMs < idleMs) return
    this.#lastMs = nowMs
    const out = { fromMs: nowMs, depth }
    this.#out = out
    try {
      this.#work(() => this.#back(out))
    } catch {
      this.#out = undefined
    }
  }

  /** How long, within this time, work waited. */
  waitSeconds(fromMs: number, toMs: number): number {
    return this.#sum(fromMs, toMs, () => true)
  }

  /**
   * The part of it for which others than the measured stores are to blame: when the wait began, fewer operations were in flight
   * than the pool has threads, so that others held at least one. With more in flight a store that hangs fills the pool by itself;
   * as many operations that wait behind others' work look the same, and nothing tells the two apart.
   */
  externalWaitSeconds(fromMs: number, toMs: number): number {
    return this.#sum(fromMs, toMs, ({ mark }) => mark < this.size)
  }

  longestWaitSeconds(sinceMs: number): number {
    const { fromMs, toMs } = this.#present()
    return Math.max(this.#waits.longestMs(sinceMs), toMs - fromMs) / 1000
  }

  #back(out: Sent): void {
    const { fromMs, toMs, mark } = this.#waitOf(out)
    this.#out = undefined
    this.#wait.record((toMs - fromMs) / 1000)
    if (toMs - fromMs >= noticedSeconds * 1000) this.#waits.add({ fromMs, toMs, mark })
  }

  #sum(fromMs: number, toMs: number, counts: (stretch: Interval) => boolean): number {
    let waitedMs = 0
    const present = this.#present()
    if (counts(present)) waitedMs += overlapMs(present, fromMs, toMs)
    for (const stretch of this.#waits.since(fromMs)) if (counts(stretch)) waitedMs += overlapMs(stretch, fromMs, toMs)
    return waitedMs / 1000
  }

  /** The wait that goes on: empty where nothing is out, or has not been for long. */
  #present(): Interval {
    const out = this.#out
    const wait = out === undefined ? undefined : this.#waitOf(out)
    if (wait !== undefined && wait.toMs - wait.fromMs >= noticedSeconds * 1000) return wait
    const nowMs = this.#now()
    return { fromMs: nowMs, toMs: nowMs, mark: 0 }
  }

  #waitOf({ fromMs, depth }: Sent): Interval {
    const nowMs = this.#now()
    const loopMs = this.#loop.deliveryDelaySeconds(fromMs, tickIntervalMs) * 1000
    return { fromMs, toMs: Math.max(fromMs, nowMs - loopMs), mark: depth }
  }
}

/** As libuv reads it: 4 threads unless told otherwise, at least 1 and at most 1024. */
export function threadPoolSize(text: string | undefined): number {
  if (text === undefined) return 4
  const size = Number.parseInt(text, 10) || 1
  return size < 0 ? 1024 : Math.min(size, 1024)
}
