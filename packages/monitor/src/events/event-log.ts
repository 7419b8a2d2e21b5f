import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Clock } from '../time/clock.ts'
import { type EventDetails, type EventKind, type EventSeverity, eventLimits, type TimelineEvent } from './event.ts'

/** An event to be kept. */
export interface NewEvent<Kind extends EventKind> {
  readonly kind: Kind
  readonly severity: EventSeverity
  /** What happened, in a few plain words: no key, value, path or error message. */
  readonly title: string
  readonly details: EventDetails[Kind]
  readonly store?: string
  /** Unix time in milliseconds (default now). */
  readonly startMs?: number
  /** Unix time in milliseconds (default `startMs`). */
  readonly endMs?: number
  /** Whether it lasts: then it has no end yet. Add it again with the same key when it has ended (default false). */
  readonly isOngoing?: boolean
  /** Identifies the event within this process, if it is to be replaced later (default: a key of its own). */
  readonly key?: string
}

export interface EventLogOptions {
  readonly clock: Clock
  /** Counts events that are too large, and listeners that fail. */
  readonly registry: MetricsRegistry
  /** How many events of each kind are kept for each process. */
  readonly limits?: Readonly<Record<EventKind, number>>
  /**
   * Returns the label of this process, or of one of its threads, of which the label among the threads is given; undefined if there is only
   * one process and thread.
   */
  readonly findWorker?: (thread: string | undefined) => string | undefined
  /** Identifies the life of this process in the ids (default: random). */
  readonly epoch?: string
}

/** Which events are asked for. */
export interface EventQuery {
  /** Only events after this id. */
  readonly since?: string | undefined
  readonly kinds?: ReadonlySet<EventKind> | undefined
  readonly stores?: ReadonlySet<string> | undefined
  /** Only events that ended at this Unix time in milliseconds or later, or last. */
  readonly startMs?: number | undefined
  /** Only events that began at this Unix time in milliseconds or earlier. */
  readonly endMs?: number | undefined
  /** The largest number: the first ones after `since`, or else the last ones. */
  readonly limit?: number | undefined
}

/** Events in the order in which they arrived. */
export interface EventAnswer {
  readonly events: readonly TimelineEvent[]
  /** The id to continue from. */
  readonly lastId: string
  /** How many events after `since` are kept no more. At most so many, if `since` is very old or from another process life. */
  readonly missed: number
}

/** Where an event comes from. Only `own` ones and those of `thread`s belong to this process. */
export type EventOrigin = 'own' | 'thread' | 'process' | 'restored'

/** An event with what another log needs to keep it. */
export interface ReceivedEvent {
  readonly event: TimelineEvent
  /** The id that it has in the log of its process: two events with the same key and this id are the same. */
  readonly originId: string
}

/** Everything that a log keeps, as plain data. */
export interface SavedEvents {
  /** Unix time in milliseconds. */
  readonly atMs: number
  readonly events: readonly ReceivedEvent[]
}

/** With times that no setting of the clock changes. */
interface StoredEvent {
  readonly sequence: number
  readonly event: TimelineEvent
  readonly origin: EventOrigin
  readonly originId: string
}

/** Ids start here: what is restored comes before the events of this process, and needs smaller ones. */
const firstSequence = 1_000_000
/** An event of this package has some hundred characters. */
const maxDetailsCharacters = 8192
/** How many numbers of displaced events are remembered, to count those that a reader has missed. */
const maxDisplaced = 2000

/**
 * Keeps what happened most recently: a bounded number of events of each kind for each process. An event that is added with the key of
 * an earlier one replaces it.
 */
export class EventLog {
  readonly epoch: string
  readonly #options: EventLogOptions
  readonly #limits: Readonly<Record<EventKind, number>>
  /** By sequence, in its order. */
  #events = new Map<number, StoredEvent>()
  readonly #sequenceByKey = new Map<string, number>()
  /** The sequences of each kind of each process, oldest first. */
  readonly #sequencesByGroup = new Map<string, Set<number>>()
  readonly #listeners = new Set<(event: TimelineEvent, origin: EventOrigin) => void>()
  #lastSequence = firstSequence
  /** Sequences of events that were displaced, oldest first. */
  readonly #displaced: number[] = []
  #forgottenDisplaced = 0
  #newestForgotten = 0

  constructor(options: EventLogOptions) {
    this.#options = options
    this.#limits = options.limits ?? eventLimits
    this.epoch = options.epoch ?? Date.now().toString(36) + Math.random().toString(36).slice(2, 8)
    options.registry.counter('wombat_monitor_events_dropped_total')
  }

  /** The id of the last event. */
  get lastId(): string {
    return this.#id(this.#lastSequence)
  }

  /** How many events are kept. */
  get size(): number {
    return this.#events.size
  }

  /** Adds an event, which replaces one with the same key. Never throws. */
  add<Kind extends EventKind>({ key, isOngoing = false, ...event }: NewEvent<Kind>): void {
    const { clock, registry } = this.#options
    try {
      if (JSON.stringify(event.details).length > maxDetailsCharacters) throw new RangeError('too large')
      // No time is later than now: an engine's clock may be ahead by a moment.
      const nowMs = clock.nowMs()
      const startMs = Math.min(nowMs, Math.round(event.startMs ?? nowMs))
      const endMs = Math.min(nowMs, Math.max(startMs, Math.round(event.endMs ?? startMs)))
      const sequence = ++this.#lastSequence
      const id = this.#id(sequence)
      const own = {
        ...event,
        id,
        key: `${this.epoch}:${key ?? sequence}`,
        startMs: startMs - clock.stepsMs,
        endMs: isOngoing ? undefined : endMs - clock.stepsMs,
      }
      this.#keep({ sequence, event: own as TimelineEvent, origin: 'own', originId: id })
    } catch {
      registry.incrementCounter('wombat_monitor_events_dropped_total')
      registry.warnOnce(
        'event',
        `an event of kind ${event.kind} is dropped: its details are too large or no plain data; further ones are only counted`,
      )
    }
  }

  /** Adds events of another process or thread, named `worker`; those that are kept already are ignored. */
  receive(worker: string, received: readonly ReceivedEvent[], origin: 'thread' | 'process'): void {
    for (const { event, originId } of received) {
      if (this.#isKept(event.key, originId)) continue
      const sequence = ++this.#lastSequence
      this.#keep({ sequence, event: this.#unstepped({ ...event, worker }), origin, originId })
    }
  }

  /** Calls the listener with each event that is added. Returns a function that removes the listener. */
  onEvent(listener: (event: TimelineEvent, origin: EventOrigin) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  /** Returns the events that are asked for, in the order in which they arrived. */
  query({ since, kinds, stores, startMs, endMs, limit = Number.POSITIVE_INFINITY }: EventQuery = {}): EventAnswer {
    const after = since === undefined ? 0 : this.#parseId(since)
    const found: TimelineEvent[] = []
    for (const stored of this.#events.values()) {
      if (stored.sequence <= after) continue
      const event = this.#view(stored)
      if (kinds !== undefined && !kinds.has(event.kind)) continue
      if (stores !== undefined && (event.store === undefined || !stores.has(event.store))) continue
      if (endMs !== undefined && event.startMs > endMs) continue
      if (startMs !== undefined && event.endMs !== undefined && event.endMs < startMs) continue
      found.push(event)
    }
    const isCut = found.length > limit
    const events = !isCut ? found : since === undefined ? found.slice(-limit) : found.slice(0, limit)
    const last = isCut && since !== undefined ? events.at(-1)?.id : undefined
    const until = last === undefined ? Number.POSITIVE_INFINITY : this.#parseId(last)
    return { events, lastId: last ?? this.lastId, missed: since === undefined ? 0 : this.#countDisplaced(after, until) }
  }

  /** Returns whether an id is of this process life: otherwise everything comes after it. */
  isKnownId(id: string): boolean {
    return this.#parseId(id) > 0
  }

  /** How many events were displaced so far. */
  get displaced(): number {
    return this.#forgottenDisplaced + this.#displaced.length
  }

  /** Returns how many events after an id were displaced, after the first `displaced` ones. */
  countMissed(since: string, displaced = 0): number {
    return this.#countDisplaced(this.#parseId(since), Number.POSITIVE_INFINITY, displaced)
  }

  /** Returns the events of this process and its threads after an id, for the log of another process. */
  ownEvents(since?: string): ReceivedEvent[] {
    const after = since === undefined ? 0 : this.#parseId(since)
    return [...this.#events.values()]
      .filter(({ sequence, origin }) => sequence > after && (origin === 'own' || origin === 'thread'))
      .map((stored) => this.#received(stored))
  }

  /** Returns the newest events as plain data: as many of each kind as one process keeps. */
  save(): SavedEvents {
    const counts = new Map<EventKind, number>()
    const events: ReceivedEvent[] = []
    for (const stored of [...this.#events.values()].reverse()) {
      const { kind } = stored.event
      const count = (counts.get(kind) ?? 0) + 1
      counts.set(kind, count)
      if (count <= this.#limits[kind]) events.push(this.#received(stored))
    }
    return { atMs: this.#options.clock.nowMs(), events: events.reverse() }
  }

  /** Adds the events of an earlier process before those of this one. What lasted then has ended when it was saved, at the latest. */
  restore({ atMs, events }: SavedEvents): void {
    // A clock that was set back since: nothing is later than now.
    const shiftMs = Math.min(0, this.#options.clock.nowMs() - atMs)
    const known = events.filter(({ event, originId }) => event.kind in this.#limits && !this.#isKept(event.key, originId))
    const [oldest = this.#lastSequence + 1] = this.#events.keys()
    let sequence = oldest - known.length
    const kept = this.#events
    this.#events = new Map()
    this.#sequencesByGroup.clear()
    for (const { event, originId } of known) {
      const { startMs, endMs = atMs } = event
      const moved = { ...event, startMs: startMs + shiftMs, endMs: Math.max(startMs, endMs) + shiftMs }
      this.#place({ sequence: sequence++, event: this.#unstepped(moved), origin: 'restored', originId })
    }
    for (const stored of kept.values()) this.#place(stored)
  }

  #id(sequence: number): string {
    return `${this.epoch}-${sequence}`
  }

  /**
   * Returns the sequence of an id, which may end in a dot and a number; 0, before all events, if it is not of this process life.
   */
  #parseId(id: string): number {
    const [, epoch, digits] = /^(.*)-(\d{1,15})(?:\.\d{1,16})?$/.exec(id) ?? []
    const sequence = Number(digits)
    return epoch === this.epoch && sequence <= this.#lastSequence ? sequence : 0
  }

  #isKept(key: string, originId: string): boolean {
    const sequence = this.#sequenceByKey.get(key)
    return sequence !== undefined && this.#events.get(sequence)?.originId === originId
  }

  #keep(stored: StoredEvent): void {
    this.#place(stored)
    const event = this.#view(stored)
    for (const listener of this.#listeners) {
      try {
        listener(event, stored.origin)
      } catch (error) {
        this.#options.registry.recordCalloutFailure('listener', error)
      }
    }
  }

  /** Puts an event after all others: replaces the one with its key, and displaces the oldest one of its kind. */
  #place(stored: StoredEvent): void {
    const { sequence, event } = stored
    const replaced = this.#events.get(this.#sequenceByKey.get(event.key) ?? 0)
    if (replaced !== undefined) this.#remove(replaced)
    this.#events.set(sequence, stored)
    this.#sequenceByKey.set(event.key, sequence)
    const group = groupOf(stored)
    const sequences = this.#sequencesByGroup.get(group) ?? new Set()
    this.#sequencesByGroup.set(group, sequences.add(sequence))
    if (sequences.size <= this.#limits[event.kind]) return
    const [oldest = 0] = sequences
    const displaced = this.#events.get(oldest)
    if (displaced !== undefined) this.#remove(displaced)
    this.#displaced.push(oldest)
    if (this.#displaced.length <= maxDisplaced) return
    this.#forgottenDisplaced++
    this.#newestForgotten = Math.max(this.#newestForgotten, this.#displaced.shift() ?? 0)
  }

  #remove(stored: StoredEvent): void {
    this.#events.delete(stored.sequence)
    this.#sequenceByKey.delete(stored.event.key)
    this.#sequencesByGroup.get(groupOf(stored))?.delete(stored.sequence)
  }

  #countDisplaced(after: number, until: number, displaced = 0): number {
    const forgotten = after < this.#newestForgotten ? Math.max(0, this.#forgottenDisplaced - displaced) : 0
    const known = this.#displaced.slice(Math.max(0, displaced - this.#forgottenDisplaced))
    return forgotten + known.filter((sequence) => sequence > after && sequence <= until).length
  }

  #received(stored: StoredEvent): ReceivedEvent {
    return { event: this.#view(stored), originId: stored.originId }
  }

  /** Returns an event with the times of now, under the id of this log. */
  #view({ sequence, event, origin }: StoredEvent): TimelineEvent {
    const { stepsMs } = this.#options.clock
    const { endMs, worker: storedWorker, ...rest } = event
    const isOwn = origin === 'own' || origin === 'thread'
    const worker = isOwn ? this.#options.findWorker?.(storedWorker) : storedWorker
    return {
      ...rest,
      id: this.#id(sequence),
      startMs: event.startMs + stepsMs,
      ...(endMs !== undefined && { endMs: endMs + stepsMs }),
      ...(worker !== undefined && { worker }),
    } as TimelineEvent
  }

  #unstepped(event: TimelineEvent): TimelineEvent {
    const { stepsMs } = this.#options.clock
    const { startMs, endMs } = event
    return { ...event, startMs: startMs - stepsMs, ...(endMs !== undefined && { endMs: endMs - stepsMs }) }
  }
}

/** The events of a process displace each other only if they are of one kind. */
function groupOf({ event, origin }: StoredEvent): string {
  return `${event.kind} ${origin === 'own' ? '' : (event.worker ?? '')}`
}
