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
   * The start in milliseconds of `nowMs()`. NaN for an operation that is not timed, until it is marked; Infinity while the object is free. It
   * is not `undefined`, so that V8 stores the field as a plain double instead of a heap object.
   */
  startMs = Number.POSITIVE_INFINITY
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
  /** Its place among the objects of its list. */
  index = 0
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
const maxFree = 1024

/**
 * The operations of one store that have started and not settled. Starting and settling cost a few assignments; depth and age are computed
 * on read.
 */
export class InFlightOperations implements ObservedStore {
  /** The objects of operations in flight, and free ones, in no order. */
  readonly #all: PendingOperation[] = []
  /** The free ones. The last one that became free is used first: it is still in the caches. */
  readonly #free: PendingOperation[] = []
  readonly #untimed = new Map<OperationRecorder, UntimedOperations>()

  /** How many operations are in flight. */
  get depth(): number {
    let depth = this.#all.length - this.#free.length
    for (const { depth: untimed } of this.#untimed.values()) depth += untimed
    return depth
  }

  /** Returns the untimed operations of one kind, which have no places. */
  untimed(recorder: OperationRecorder): UntimedOperations {
    const known = this.#untimed.get(recorder)
    if (known !== undefined) return known
    const untimed = new UntimedOperations(this, recorder)
    this.#untimed.set(recorder, untimed)
    return untimed
  }

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
    const pending = this.#free.pop() ?? this.#add()
    // A reference from an old object to a young one makes garbage collection slower: it is only written if it differs, and `key` and `value`
    // only if slow operations are observed.
    if (pending.recorder !== recorder) pending.recorder = recorder
    pending.entries = entries
    pending.isTimed = isTimed
    if (recorder !== undefined) {
      if (recorder.slowThresholdSeconds !== Number.POSITIVE_INFINITY) {
        pending.key = key
        pending.value = value
      }
      const span = recorder.startSpan()
      if (span !== undefined) pending.span = span
    }
    pending.startMs = isTimed ? nowMs() : Number.NaN
    return pending
  }

  /** Removes a settled operation and keeps its object for reuse. */
  remove(pending: PendingOperation): void {
    pending.startMs = Number.POSITIVE_INFINITY
    if (pending.key !== undefined || pending.value !== undefined) {
      pending.key = undefined
      pending.value = undefined
    }
    if (pending.span !== undefined) pending.span = undefined
    if (this.#free.length < maxFree) this.#free.push(pending)
    else this.#drop(pending)
  }

  #add(): PendingOperation {
    const pending = new PendingOperation(this)
    pending.index = this.#all.length
    this.#all.push(pending)
    return pending
  }

  /** Gives an object to the garbage collector. The last one takes its place. */
  #drop(pending: PendingOperation): void {
    const last = this.#all.pop()
    if (last === undefined || last === pending) return
    this.#all[pending.index] = last
    last.index = pending.index
  }

  /**
   * Returns the age of the oldest operation in flight in seconds, 0 if there is none. An operation that is not timed
   * has age 0 at the first read.
   */
  oldestAgeSeconds(): number {
    const now = nowMs()
    this.markInFlight(now)
    let oldestMs = now
    for (const { startMs } of this.#all) oldestMs = Math.min(oldestMs, startMs)
    for (const untimed of this.#untimed.values()) oldestMs = Math.min(oldestMs, untimed.oldestMs())
    return (now - oldestMs) / 1000
  }

  /**
   * Sets `now`, in milliseconds of `nowMs()`, as the start of the operations in flight that are not timed and not
   * marked yet.
   */
  markInFlight(now: number): void {
    for (const pending of this.#all) if (Number.isNaN(pending.startMs)) pending.startMs = now
    for (const untimed of this.#untimed.values()) untimed.mark(now)
  }
}

/** Operations of one kind that started between two marks and are not timed. They share one object, so that one of them costs next to nothing. */
export class UntimedGroup {
  /** How many of them are in flight. */
  depth = 0
  /** When they were marked: they started before. NaN until then. */
  startMs = Number.NaN
  /** Settles one of them as successful. `result` is used only for its size. */
  readonly succeeded: (result?: unknown) => void
  /** Settles one of them as failed. */
  readonly failed: (error: unknown) => void
  readonly #inFlight: InFlightOperations

  constructor(inFlight: InFlightOperations, recorder: OperationRecorder) {
    this.#inFlight = inFlight
    this.succeeded = (result) => {
      recorder.countSuccess()
      if (!Number.isNaN(this.startMs)) this.#reportIfSlow(recorder, false, result)
      this.depth--
    }
    this.failed = (error) => {
      recorder.countFailure(error)
      if (!Number.isNaN(this.startMs)) this.#reportIfSlow(recorder, true, error)
      this.depth--
    }
  }

  #reportIfSlow(recorder: OperationRecorder, isFailed: boolean, resultOrError: unknown): void {
    const seconds = (nowMs() - this.startMs) / 1000
    if (seconds < recorder.slowThresholdSeconds) return
    recorder.emitSlow(seconds, 0, isFailed, { startMs: this.startMs, inFlight: this.#inFlight.depth }, resultOrError)
  }
}

/** The operations of one kind that are not timed and in flight. A slow one is found if it is marked. */
export class UntimedOperations {
  readonly #inFlight: InFlightOperations
  readonly #recorder: OperationRecorder
  #group: UntimedGroup
  #marked: UntimedGroup[] = []

  constructor(inFlight: InFlightOperations, recorder: OperationRecorder) {
    this.#inFlight = inFlight
    this.#recorder = recorder
    this.#group = new UntimedGroup(inFlight, recorder)
  }

  get depth(): number {
    return this.#marked.reduce((sum, { depth }) => sum + depth, this.#group.depth)
  }

  /** Starts an operation. Exactly one of `succeeded` and `failed` of the group settles it. */
  begin(): UntimedGroup {
    const group = this.#group
    group.depth++
    return group
  }

  /** Sets `now` as the start of the operations that are not marked yet. */
  mark(now: number): void {
    this.#marked = this.#marked.filter(({ depth }) => depth > 0)
    if (this.#group.depth === 0) return
    this.#group.startMs = now
    this.#marked.push(this.#group)
    this.#group = new UntimedGroup(this.#inFlight, this.#recorder)
  }

  /** Returns the start of the oldest marked operation; Infinity if there is none. */
  oldestMs(): number {
    return this.#marked.find(({ depth }) => depth > 0)?.startMs ?? Number.POSITIVE_INFINITY
  }
}
