import type { StoreContext } from '../../operations/store-context.ts'
import type { Compaction, Flush } from './event-log.ts'
import type { StallCause } from './stalls.ts'

/** A stall of which the listeners know. */
interface OpenStall {
  readonly id: number
  readonly startMs: number
  readonly cause: StallCause
}

/** Reports what a RocksDB's log contains as events, each dated by its line. Does nothing while nobody listens. */
export class RocksDBEventSource {
  readonly #context: StoreContext
  #stall: OpenStall | undefined

  constructor(context: StoreContext) {
    this.#context = context
  }

  onFlush({ endMs, bytes, durationSeconds }: Flush): void {
    if (!this.#context.hasEventListeners) return
    const startMs = endMs - durationSeconds * 1000
    this.#context.emitEvent({ kind: 'flush', id: this.#nextId(), startMs, endMs, details: { bytes, durationSeconds } })
  }

  onCompaction({ endMs, outputLevel: level, cpuSeconds: _, ...details }: Compaction): void {
    if (!this.#context.hasEventListeners) return
    const startMs = endMs - details.durationSeconds * 1000
    this.#context.emitEvent({ kind: 'compaction', id: this.#nextId(), startMs, endMs, details: { level, ...details } })
  }

  onStallBegin(cause: StallCause, startMs: number): void {
    if (!this.#context.hasEventListeners) return
    const id = this.#nextId()
    this.#stall = { id, startMs, cause }
    this.#context.emitEvent({
      kind: 'write_stall',
      id,
      startMs,
      endMs: undefined,
      details: { cause, durationSeconds: undefined },
    })
  }

  onStallEnd(endMs: number): void {
    if (this.#stall === undefined) return
    const { id, startMs, cause } = this.#stall
    this.#stall = undefined
    // Two lines of different threads may be dated in another order.
    const durationSeconds = Math.max(0, endMs - startMs) / 1000
    const details = { cause, durationSeconds }
    this.#context.emitEvent({ kind: 'write_stall', id, startMs, endMs: Math.max(startMs, endMs), details })
  }

  #nextId(): number {
    return this.#context.registry.observer.nextEventId()
  }
}
