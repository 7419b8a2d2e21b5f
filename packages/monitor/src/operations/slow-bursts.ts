import type { EventLog } from '../events/event-log.ts'
import type { SlowRecord } from './slow-log.ts'

/** Slow operations of a store belong together if the next one settles within this time. */
const maxGapMs = 10_000
/** A burst that goes on is written again at most this often. */
const writeIntervalMs = 1000

interface Burst {
  readonly key: string
  readonly startMs: number
  endMs: number
  count: number
  readonly operations: Record<string, number>
  worstSeconds: number
  cause: string
  isWritten: boolean
}

export interface SlowBurstsOptions {
  readonly events: Pick<EventLog, 'add'>
  /** Returns the sum of all steps of the clock, in milliseconds. */
  readonly stepsMs: () => number
}

/** Adds slow operations to the timeline: those of one store, less than ten seconds apart, are one event. */
export class SlowBursts {
  readonly #options: SlowBurstsOptions
  /** By store. */
  readonly #bursts = new Map<string, Burst>()
  #bursted = 0
  #timer: NodeJS.Timeout | undefined

  constructor(options: SlowBurstsOptions) {
    this.#options = options
  }

  /** Adds a slow operation. A new burst is an event at once; further operations of it are added within a second. */
  add({ timeMs, store, operation, durationSeconds, cause }: SlowRecord): void {
    const settledMs = timeMs - this.#options.stepsMs()
    let burst = this.#bursts.get(store)
    if (burst === undefined || settledMs - burst.endMs >= maxGapMs) {
      if (burst !== undefined) this.#write(store, burst)
      const key = `slow ${++this.#bursted}`
      const startMs = settledMs - durationSeconds * 1000
      burst = { key, startMs, endMs: settledMs, count: 0, operations: {}, worstSeconds: 0, cause, isWritten: false }
      this.#bursts.set(store, burst)
    }
    burst.count++
    burst.operations[operation] = (burst.operations[operation] ?? 0) + 1
    burst.endMs = Math.max(burst.endMs, settledMs)
    if (durationSeconds >= burst.worstSeconds) {
      burst.worstSeconds = durationSeconds
      burst.cause = cause
    }
    burst.isWritten = false
    if (burst.count === 1) this.#write(store, burst)
    else this.#timer ??= setTimeout(() => this.#writeAll(), writeIntervalMs).unref()
  }

  /** Adds what was not written yet. */
  close(): void {
    clearTimeout(this.#timer)
    this.#writeAll()
  }

  #writeAll(): void {
    this.#timer = undefined
    for (const [store, burst] of this.#bursts) this.#write(store, burst)
  }

  #write(store: string, burst: Burst): void {
    if (burst.isWritten) return
    burst.isWritten = true
    const { key, startMs, endMs, count, operations, worstSeconds, cause } = burst
    const stepsMs = this.#options.stepsMs()
    this.#options.events.add({
      kind: 'slow_operations',
      severity: 'warning',
      title: count === 1 ? 'Slow operation' : 'Slow operations',
      key,
      store,
      startMs: startMs + stepsMs,
      endMs: endMs + stepsMs,
      details: { count, operations: { ...operations }, worstSeconds, cause },
    })
  }
}
