import type { Span } from '@opentelemetry/api'
import type { ObservedStore } from '../registry/observer.ts'
import { nowMs } from './clock.ts'
import type { OperationRecorder } from './recorder.ts'

/**
 * One operation in flight. Exactly one of `succeeded` and `failed` settles it; both never throw and need no `this`.
 * Objects are reused, so that an operation allocates nothing.
 */
export class PendingOperation {
  /**
   * The start in milliseconds of `nowMs()`. NaN for an operation that is not timed, until it is marked. It is not
   * `undefined`, so that V8 stores the field as a plain double instead of a heap object.
   */
  startMs = 0
  /** Whether the duration is recorded. All operations are counted. */
  isTimed = true
  /** How many entries a batch writes. */
  entries = 0
  /** Only for its size, in case the operation is slow; the same applies to `value`. */
  key: unknown
  value: unknown
  span: Span | undefined
  /** Records the operation when it settles; `undefined` if its caller records it. */
  recorder: OperationRecorder | undefined
  /** The neighbors in the list of operations in flight; in the pool, `newer` is the next free object. */
  older: PendingOperation | undefined
  newer: PendingOperation | undefined
  /** Settles the operation as successful. `result` is used only for its size. */
  readonly succeeded: (result?: unknown) => void
  /** Settles the operation as failed. */
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

  /** How many operations of the store are in flight, including this one. */
  get inFlight(): number {
    return this.#list.depth
  }

  /**
   * Counts an operation that is not timed. If it was marked while in flight and reached the threshold, it is reported
   * as slow.
   */
  #settleUntimed(recorder: OperationRecorder, isFailed: boolean, resultOrError: unknown): void {
    if (isFailed) recorder.countFailure(resultOrError, this.span)
    else recorder.countSuccess(this.entries, this.span)
    if (Number.isNaN(this.startMs)) return
    const seconds = (nowMs() - this.startMs) / 1000
    if (seconds >= recorder.slowThresholdSeconds) recorder.emitSlow(seconds, this.entries, isFailed, this, resultOrError)
  }
}

/** How many settled operations are kept for reuse. After a burst, the garbage collector takes the others. */
const maxPooled = 1024

/**
 * The operations of one store that have started and not settled, as a linked list from the oldest to the newest.
 * Starting and settling cost a few assignments; depth and age are computed on read.
 */
export class InFlightOperations implements ObservedStore {
  /** How many operations are in flight. */
  depth = 0
  #oldest: PendingOperation | undefined
  #newest: PendingOperation | undefined
  /** Settled operations for reuse, linked by `newer`. */
  #pool: PendingOperation | undefined
  #pooled = 0

  /**
   * Starts an operation. Without a recorder it only counts as in flight, and its caller records it. `key` and `value`
   * are used for their sizes if the operation is slow. They are separate parameters: an array of arguments would have
   * to be allocated for each call.
   */
  begin(
    recorder?: OperationRecorder,
    entries = 0,
    key?: unknown,
    value?: unknown,
    isTimed = recorder === undefined || recorder.shouldTime(),
  ): PendingOperation {
    let pending = this.#pool
    if (pending === undefined) {
      pending = new PendingOperation(this)
    } else {
      this.#pool = pending.newer
      this.#pooled--
      pending.newer = undefined
    }
    pending.recorder = recorder
    pending.entries = entries
    // A reference from an old object to a young one makes garbage collection slower: set it only if slow operations are
    // observed.
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

  /** Removes a settled operation and keeps its object for reuse. */
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
    if (this.#pooled === maxPooled) return
    this.#pooled++
    pending.newer = this.#pool
    this.#pool = pending
  }

  /**
   * Returns the age of the oldest operation in flight in seconds, 0 if there is none. An operation that is not timed
   * has age 0 at the first read.
   */
  oldestAgeSeconds(): number {
    const oldest = this.#oldest
    if (oldest === undefined) return 0
    const now = nowMs()
    if (Number.isNaN(oldest.startMs)) this.markInFlight(now)
    return (now - oldest.startMs) / 1000
  }

  /**
   * Sets `now`, in milliseconds of `nowMs()`, as the start of the operations in flight that are not timed and not
   * marked yet.
   */
  markInFlight(now: number): void {
    // Every operation older than a marked one is marked or timed: they were marked together.
    for (let pending = this.#newest; pending !== undefined; pending = pending.older) {
      if (pending.isTimed) continue
      if (!Number.isNaN(pending.startMs)) return
      pending.startMs = now
    }
  }
}
