import type { StoreContext } from '../../operations/store-context.ts'
import type { StoreEventOf } from '../../registry/store-event.ts'
import { unixMs } from '../files/log-time.ts'
import type { Compaction, Flush } from './log.ts'
import type { StallCause } from './log-line.ts'

type CompactionEvent = Omit<StoreEventOf<'compaction'>, 'store'>

/** A stall of which the listeners know. */
interface OpenStall {
  readonly id: number
  readonly startMs: number
}

/** Reports what a LevelDB's log contains as events, each dated by its line. Does nothing while nobody listens. */
export class LevelDBEventSource {
  readonly #context: StoreContext
  /** The last compaction, until it is known how much it has read. */
  #compaction: CompactionEvent | undefined
  #isReported = false
  readonly #stalls = new Map<StallCause, OpenStall>()

  constructor(context: StoreContext) {
    this.#context = context
  }

  onFlush({ bytes, seconds, localMs }: Flush): void {
    if (!this.#context.hasEventListeners) return
    const details = { bytes, durationSeconds: seconds }
    this.#context.emitEvent({ kind: 'flush', id: this.#nextId(), ...toPeriod(unixMs(localMs), seconds), details })
  }

  /** The compaction is reported when its input is known, or at the end of the read. */
  onCompaction({ level, inputFiles, outputFiles, outputBytes, seconds, localMs }: Compaction): void {
    if (!this.#context.hasEventListeners) return
    this.onRead()
    const details = { level, inputFiles, outputFiles, inputBytes: undefined, outputBytes, durationSeconds: seconds }
    this.#compaction = { kind: 'compaction', id: this.#nextId(), ...toPeriod(unixMs(localMs), seconds), details }
    this.#isReported = false
  }

  /** All tables that the last compaction has read are deleted. */
  onCompactionInput(inputBytes: number): void {
    if (this.#compaction === undefined) return
    this.#compaction = { ...this.#compaction, details: { ...this.#compaction.details, inputBytes } }
    this.#isReported = false
    this.onRead()
    this.#compaction = undefined
  }

  onStallBegin(cause: StallCause, localMs: number): void {
    if (!this.#context.hasEventListeners) return
    const stall = { id: this.#nextId(), startMs: unixMs(localMs) }
    this.#stalls.set(cause, stall)
    this.#context.emitEvent({ kind: 'write_stall', ...stall, endMs: undefined, details: { cause, durationSeconds: undefined } })
  }

  onStallEnd(cause: StallCause, durationSeconds: number): void {
    const stall = this.#stalls.get(cause)
    if (stall === undefined) return
    this.#stalls.delete(cause)
    const endMs = stall.startMs + durationSeconds * 1000
    this.#context.emitEvent({ kind: 'write_stall', ...stall, endMs, details: { cause, durationSeconds } })
  }

  /** The log was read to where it ends now. */
  onRead(): void {
    if (this.#compaction === undefined || this.#isReported) return
    this.#isReported = true
    this.#context.emitEvent(this.#compaction)
  }

  #nextId(): number {
    return this.#context.registry.observer.nextEventId()
  }
}

function toPeriod(endMs: number, seconds = 0): { readonly startMs: number; readonly endMs: number } {
  return { startMs: endMs - seconds * 1000, endMs }
}
