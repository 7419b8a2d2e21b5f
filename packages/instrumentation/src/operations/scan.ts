import type { Span } from '@opentelemetry/api'
import { endSpan, withSpan } from '../otel/span.ts'
import { nowMs } from './clock.ts'
import type { PendingOperation } from './in-flight.ts'
import type { OperationRecorder } from './recorder.ts'
import type { StoreContext } from './store-context.ts'

/**
 * One scan, from when it is opened until it ends: recorded then, with the time the store took to deliver (not the time its
 * reader took in between) and the entries delivered. While a read is outstanding the scan is in flight.
 */
export class ScanOperation {
  /** How many entries it has delivered. */
  entries = 0
  isOpen = false
  isEnded = false
  readonly #context: StoreContext
  readonly #recorder: OperationRecorder
  readonly #isTimed: boolean
  readonly #span: Span | undefined
  readonly #startMs = nowMs()
  #busyMs = 0
  #failure: { readonly error: unknown } | undefined

  constructor(context: StoreContext) {
    this.#context = context
    this.#recorder = context.recorder('scan')
    this.#isTimed = this.#recorder.shouldTime()
    this.#span = this.#recorder.startSpan()
  }

  /** There is an iterator now. */
  open(): void {
    this.isOpen = true
    this.#context.openIterators++
  }

  /** A read that begins now, and is settled by `settle`. */
  beginRead(): PendingOperation {
    return this.#context.inFlight.begin(undefined, 0, undefined, undefined, this.#isTimed)
  }

  endRead(read: PendingOperation, failure?: { readonly error: unknown }): void {
    if (this.#isTimed) this.#busyMs += nowMs() - read.startMs
    this.#context.inFlight.remove(read)
    this.#failure ??= failure
  }

  /** What the store calls of others meanwhile is seen below the scan's span. */
  runInSpan<Result>(read: () => Result): Result {
    return withSpan(this.#span, read)
  }

  /** What the store does at once. What it asks of itself meanwhile is part of the scan. */
  runSync<Result>(read: () => Result): Result {
    const context = this.#context
    const before = context.isNested
    context.isNested = true
    const startMs = this.#isTimed ? nowMs() : 0
    try {
      return this.runInSpan(read)
    } catch (error) {
      this.#failure ??= { error }
      throw error
    } finally {
      if (this.#isTimed) this.#busyMs += nowMs() - startMs
      context.isNested = before
    }
  }

  /** It ends without being recorded: nobody measures any more. */
  discard(): void {
    if (this.#stop() && this.#span !== undefined) endSpan(this.#span, 'scan', this.entries)
  }

  /** Records it, once. */
  end(failure = this.#failure): void {
    if (!this.#stop()) return
    const recorder = this.#recorder
    const span = this.#span
    if (this.#isTimed) {
      const seconds = this.#busyMs / 1000
      const details = { startMs: this.#startMs, span }
      if (failure === undefined) recorder.recordSuccess(seconds, this.entries, details)
      else recorder.recordFailure(seconds, failure.error, details)
    } else if (failure === undefined) recorder.countSuccess(this.entries, span)
    else recorder.countFailure(failure.error, span)
  }

  /** There is no iterator any more. False where it had ended before. */
  #stop(): boolean {
    if (this.isEnded) return false
    this.isEnded = true
    if (this.isOpen) this.#context.openIterators--
    return true
  }
}
