import type { TimelineEvent } from '../api/types.ts'

/** How many events are kept: some days of a quiet process, or the last hours of a busy one. */
const maxEvents = 5000

/** The events of the process by key, oldest first and bounded: a later event with the same key replaces the earlier one. */
export class EventStore {
  readonly #byKey = new Map<string, TimelineEvent>()
  readonly #max: number
  #sorted: readonly TimelineEvent[] | undefined
  #lastId: string | undefined

  constructor(max = maxEvents) {
    this.#max = max
  }

  /** The id of the last event, from which a stream continues. */
  get lastId(): string | undefined {
    return this.#lastId
  }

  add(events: readonly TimelineEvent[]): void {
    for (const event of events) {
      this.#byKey.set(event.key, event)
      this.#lastId = event.id
    }
    this.#sorted = undefined
    if (this.#byKey.size <= this.#max) return
    // A tenth more, so that not every event sorts them again.
    const remaining = this.list().slice(-Math.ceil(this.#max * 0.9))
    this.#byKey.clear()
    for (const event of remaining) this.#byKey.set(event.key, event)
    this.#sorted = remaining
  }

  clear(): void {
    this.#byKey.clear()
    this.#sorted = undefined
    this.#lastId = undefined
  }

  /** All events by the time they began. */
  list(): readonly TimelineEvent[] {
    this.#sorted ??= [...this.#byKey.values()].sort((a, b) => a.startMs - b.startMs)
    return this.#sorted
  }
}
