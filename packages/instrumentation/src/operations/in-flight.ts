import type { Span } from '@opentelemetry/api'
import type { ObservedStore } from '../registry/observer.ts'
import { nowMs } from './clock.ts'
import type { OperationRecorder } from './recorder.ts'

/**
 * One operation in flight: begun, and settled by exactly one of its two functions, which never throw and need no `this`.
 * Objects are reused, so that an operation allocates nothing.
 */
export class PendingOperation {
  /** NaN, and so no object of its own, for an operation that is not timed, until somebody looks. */
  startMs = 0
  isTimed = true
  entries = 0
  key: unknown
  value: unknown
  span: Span | undefined
  recorder: OperationRecorder | undefined
  older: PendingOperation | undefined
  newer: PendingOperation | undefined
  readonly succeeded: (result?: unknown) => void
  readonly failed: (error: unknown) => void
  readonly #list: InFlightOperations

  constructor(list: InFlightOperations) {
    this.#list = list
    this.succeeded = (result) => {
      const { recorder } = this
      if (recorder !== undefined) {
        if (this.isTimed) recorder.recordSuccess((nowMs() - this.startMs) / 1000, this.entries, this, result)
        else this.#settleUntimed(recorder, false, result)
      }
      list.remove(this)
    }
    this.failed = (error) => {
      const { recorder } = this
      if (recorder !== undefined) {
        if (this.isTimed) recorder.recordFailure((nowMs() - this.startMs) / 1000, error, this)
        else this.#settleUntimed(recorder, true, error)
      }
      list.remove(this)
    }
  }

  /** How many operations of its store are in flight, itself among them. */
  get inFlight(): number {
    return this.#list.depth
  }

  /** What is not timed may have been seen while it was in flight: long enough to be slow, it is told like every other. */
  #settleUntimed(recorder: OperationRecorder, isFailed: boolean, outcome: unknown): void {
    if (isFailed) recorder.countFailure(outcome, this.span)
    else recorder.countSuccess(this.entries, this.span)
    if (Number.isNaN(this.startMs)) return
    const seconds = (nowMs() - this.startMs) / 1000
    if (seconds >= recorder.slowThresholdSeconds) recorder.emitSlow(seconds, this.entries, isFailed, this, outcome)
  }
}

/** Settled operations kept for reuse; more than these are left to the garbage collector after a burst. */
const kept = 1024

/**
 * The operations of one store that have begun and are not settled, oldest first. Beginning and settling cost a few
 * assignments; depth and age are there for whoever looks.
 */
export class InFlightOperations implements ObservedStore {
  depth = 0
  #oldest: PendingOperation | undefined
  #newest: PendingOperation | undefined
  #free: PendingOperation | undefined
  #freeCount = 0

  /**
   * Without a recorder the operation is in flight and nothing more: its caller records it. Key and value are for their sizes,
   * should it be slow; the call's array of arguments is not handed on, because that would have it made each time.
   */
  begin(
    recorder?: OperationRecorder,
    entries = 0,
    key?: unknown,
    value?: unknown,
    isTimed = recorder === undefined || recorder.shouldTime(),
  ): PendingOperation {
    let pending = this.#free
    if (pending === undefined) {
      pending = new PendingOperation(this)
    } else {
      this.#free = pending.newer
      this.#freeCount--
      pending.newer = undefined
    }
    pending.recorder = recorder
    pending.entries = entries
    // An old object that holds a young one costs the garbage collector's attention: only where somebody asks for slow ones.
    if (recorder !== undefined && recorder.slowThresholdSeconds !== Number.POSITIVE_INFINITY) {
      pending.key = key
      pending.value = value
    }
    pending.older = this.#newest
    if (this.#newest === undefined) this.#oldest = pending
    else this.#newest.newer = pending
    this.#newest = pending
    this.depth++
    pending.span = recorder?.startSpan()
    pending.isTimed = isTimed
    pending.startMs = isTimed ? nowMs() : Number.NaN
    return pending
  }

  remove(pending: PendingOperation): void {
    const { older, newer } = pending
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    pending.recorder = undefined
    if (pending.key !== undefined) {
      pending.key = undefined
      pending.value = undefined
    }
    pending.span = undefined
    pending.older = undefined
    pending.newer = undefined
    this.depth--
    if (this.#freeCount === kept) return
    this.#freeCount++
    pending.newer = this.#free
    this.#free = pending
  }

  /** Seconds since the oldest operation in flight began; 0 while there is none. One that is not timed counts from the first look on. */
  oldestAgeSeconds(): number {
    const oldest = this.#oldest
    if (oldest === undefined) return 0
    const now = nowMs()
    if (Number.isNaN(oldest.startMs)) this.markInFlight(now)
    return (now - oldest.startMs) / 1000
  }

  markInFlight(now: number): void {
    // What is older than one that was seen was seen with it, or is timed.
    for (let pending = this.#newest; pending !== undefined; pending = pending.older) {
      if (pending.isTimed) continue
      if (!Number.isNaN(pending.startMs)) return
      pending.startMs = now
    }
  }
}
