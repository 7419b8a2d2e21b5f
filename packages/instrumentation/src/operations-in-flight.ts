import { nowMs } from './clock.ts'
import type { OperationRecorder } from './operation-recorder.ts'

/**
 * One operation in flight: begun, and settled by exactly one of its two functions, which never throw and need no `this`.
 * Objects are reused, so that an operation allocates nothing.
 */
export class PendingOperation {
  startMs = 0
  entries = 0
  recorder: OperationRecorder | undefined
  older: PendingOperation | undefined
  newer: PendingOperation | undefined
  readonly succeeded: () => void
  readonly failed: (error: unknown) => void

  constructor(list: OperationsInFlight) {
    this.succeeded = () => {
      const seconds = (nowMs() - this.startMs) / 1000
      const { recorder, entries } = this
      list.remove(this)
      recorder?.succeed(seconds, entries)
    }
    this.failed = (error) => {
      const seconds = (nowMs() - this.startMs) / 1000
      const { recorder } = this
      list.remove(this)
      recorder?.fail(seconds, error)
    }
  }
}

/** Settled operations kept for reuse; more than these are left to the garbage collector after a burst. */
const kept = 1024

/**
 * The operations of one store that have begun and are not settled, oldest first. Beginning and settling cost a few
 * assignments; depth and age are there for whoever looks.
 */
export class OperationsInFlight {
  depth = 0
  #oldest: PendingOperation | undefined
  #newest: PendingOperation | undefined
  #free: PendingOperation | undefined
  #freeCount = 0

  /** Without a recorder the operation is in flight and nothing more: its caller records it. */
  begin(recorder?: OperationRecorder, entries = 0): PendingOperation {
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
    pending.older = this.#newest
    if (this.#newest === undefined) this.#oldest = pending
    else this.#newest.newer = pending
    this.#newest = pending
    this.depth++
    pending.startMs = nowMs()
    return pending
  }

  remove(pending: PendingOperation): void {
    const { older, newer } = pending
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    pending.recorder = undefined
    pending.older = undefined
    pending.newer = undefined
    this.depth--
    if (this.#freeCount === kept) return
    this.#freeCount++
    pending.newer = this.#free
    this.#free = pending
  }

  /** Seconds since the oldest operation in flight began; 0 while there is none. */
  oldestAgeSeconds(): number {
    return this.#oldest === undefined ? 0 : (nowMs() - this.#oldest.startMs) / 1000
  }
}
