import type { Span } from '@opentelemetry/api'
import { endSpan, withSpan } from '../otel/span.ts'
import { nowMs } from './clock.ts'
import type { PendingOperation } from './in-flight.ts'
import type { OpenScan } from './open-scans.ts'
import type { CallRecorder } from './recorder.ts'
import type { StoreContext } from './store-context.ts'

/**
 * One scan from its opening to its end. It is recorded at its end, with the number of returned entries and the time the
 * store spent on reads, without the time its reader takes between them. It counts as in flight while a read is pending.
 */
export class ScanOperation implements OpenScan {
  /** How many entries were returned so far. */
  entries = 0
  /** How many reads have ended that were observed. */
  reads = 0
  /** Runs before the scan is recorded, whatever ends it. */
  beforeEnd: (() => void) | undefined
  /** Whether the scan was recorded or discarded. */
  isEnded = false
  readonly #context: StoreContext
  readonly #recorder: CallRecorder
  readonly #isTimed: boolean
  readonly #span: Span | undefined
  /** When it started, in milliseconds of `nowMs()`. */
  readonly startMs = nowMs()
  /** The iterator of this scan, after `open`. */
  #iterator: WeakRef<object> | undefined
  /** The time of synchronous reads, and of opening the iterator. */
  #busyMs = 0
  /** The time of all other reads. */
  #readMs = 0
  /** How many reads that time stands for. */
  #representedReads = 0
  #failure: { readonly error: unknown } | undefined

  /** Starts the scan: its span, and the decision whether it is timed. */
  constructor(context: StoreContext, recorder: CallRecorder) {
    this.#context = context
    this.#recorder = recorder
    this.#isTimed = recorder.shouldTime()
    this.#span = recorder.startSpan()
  }

  /** Whether the iterator was garbage collected. */
  get isAbandoned(): boolean {
    return this.#iterator !== undefined && this.#iterator.deref() === undefined
  }

  /** Counts the iterator of this scan as open, until the scan ends or the iterator is garbage collected. */
  open(iterator: object): void {
    this.#iterator = new WeakRef(iterator)
    this.#context.openScans?.add(this)
  }

  /** Starts a read. `endRead` ends it. */
  beginRead(): PendingOperation {
    return this.#context.inFlight.begin(undefined, 0, undefined, undefined, this.#isTimed)
  }

  /**
   * Ends a read and adds its time. With a `failure`, the scan is recorded as failed.
   *
   * @param weight how many reads its time stands for, those before it that were not observed included.
   */
  endRead(read: PendingOperation, failure?: { readonly error: unknown }, weight = 1): void {
    this.reads++
    this.#representedReads += weight
    if (this.#isTimed) this.#readMs += (nowMs() - read.startMs) * weight
    this.#context.inFlight.remove(read)
    this.#failure ??= failure
  }

  /**
   * Adds the time of the last reads that were not observed, for which no later one stands: each took as long as the others. Returns by which
   * factor the time of all reads is more than before.
   */
  addUnobservedReads(count: number): number {
    const factor = this.#representedReads === 0 ? 1 : 1 + count / this.#representedReads
    this.#readMs *= factor
    this.#representedReads += count
    return factor
  }

  /** Runs a read in the scan's span, so that spans created inside become its children. */
  runInSpan<Result>(read: () => Result): Result {
    return withSpan(this.#span, read, this.#context.registry.observer.onTracerFailure)
  }

  /** Runs a synchronous read and adds its time. Operations that the store calls on itself are part of the scan. */
  runSync<Result>(read: () => Result): Result {
    const context = this.#context
    const wasNested = context.isNested
    context.isNested = true
    const startMs = this.#isTimed ? nowMs() : 0
    try {
      return this.runInSpan(read)
    } catch (error) {
      this.#failure ??= { error }
      throw error
    } finally {
      if (this.#isTimed) this.#busyMs += nowMs() - startMs
      context.isNested = wasNested
    }
  }

  /** Ends the scan without recording it, because measuring has stopped. */
  discard(): void {
    if (this.#stop() && this.#span !== undefined)
      endSpan(this.#span, 'scan', this.entries, this.#context.registry.observer.onTracerFailure)
  }

  /** Ends the scan and records it; later calls do nothing. */
  end(failure?: { readonly error: unknown }): void {
    if (this.isEnded) return
    this.beforeEnd?.()
    this.#stop()
    const cause = failure ?? this.#failure
    const recorder = this.#recorder
    const span = this.#span
    if (this.#isTimed) {
      const seconds = (this.#busyMs + this.#readMs) / 1000
      const details = { startMs: this.startMs, span }
      if (cause === undefined) recorder.recordSuccess(seconds, this.entries, details)
      else recorder.recordFailure(seconds, cause.error, details)
    } else if (cause === undefined) recorder.countSuccess(this.entries, span)
    else recorder.countFailure(cause.error, span)
  }

  /** Marks the scan as ended. Returns false if it had ended before. */
  #stop(): boolean {
    if (this.isEnded) return false
    this.isEnded = true
    if (this.#iterator !== undefined) this.#context.openScans?.delete(this)
    return true
  }
}
