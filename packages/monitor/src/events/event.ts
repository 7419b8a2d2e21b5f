import type { Labels, StoreEventDetails } from '@wombat/instrumentation'

/** What can become of a change over HTTP. `refused`: the client may not make it. `rejected`: its content is not valid. */
export const auditResults = ['changed', 'refused', 'rejected', 'failed'] as const

type AuditResult = (typeof auditResults)[number]

/** The details of an event, by its kind. Sizes are in bytes, durations in seconds; what is unknown is undefined or left out. */
export interface EventDetails extends StoreEventDetails {
  readonly health_change: { readonly check: string; readonly from: string; readonly to: string; readonly message: string }
  readonly alert: {
    readonly rule: string
    readonly from: string
    readonly to: string
    readonly labels: Labels
    readonly value: number | undefined
  }
  /** Slow operations of a store, less than ten seconds apart. */
  readonly slow_operations: {
    readonly count: number
    /** How many, by operation. */
    readonly operations: Readonly<Record<string, number>>
    readonly worstSeconds: number
    /** What the slowest one waited for. */
    readonly cause: string
  }
  readonly event_loop_block: { readonly durationSeconds: number }
  readonly settings: {
    readonly changes: ReadonlyArray<{ readonly setting: string; readonly from?: unknown; readonly to?: unknown }>
  }
  readonly notification: {
    readonly notifier: string
    readonly rule: string
    readonly result: 'sent' | 'failed' | 'dropped' | 'silenced'
    readonly reason?: string
  }
  readonly silence: {
    readonly id: string
    readonly change: 'created' | 'deleted' | 'expired'
    readonly matchers: Labels
    readonly durationSeconds?: number
  }
  readonly process: {
    readonly change: 'started' | 'joined' | 'closed' | 'lost'
    /** The label of the process or thread that joined or ended. */
    readonly worker?: string
    readonly pid: number
    /** The thread; left out for the main thread. */
    readonly thread?: number
  }
  /** The application does something that it has named: see `Monitoring.annotate`. */
  readonly annotation: Readonly<Record<string, never>>
  /** A client has changed something over HTTP, or wanted to. */
  readonly audit: {
    /** Name of the token or the user. */
    readonly who: string
    /** The method and the path of the request. */
    readonly change: string
    readonly result: AuditResult
  }
  /** The system clock was set by this much. */
  readonly clock: { readonly seconds: number }
}

export type EventKind = keyof EventDetails

export type EventSeverity = 'info' | 'warning' | 'critical'

/** One event of a kind. It never contains a key, a value, a path or an error message; an annotation contains what the application wrote. */
export interface EventOf<Kind extends EventKind> {
  /** Grows with each event of one process life: `EPOCH-SEQUENCE`. */
  readonly id: string
  /** A later event with the same key replaces the earlier one. */
  readonly key: string
  readonly kind: Kind
  /** Unix time in milliseconds. */
  readonly startMs: number
  /** Unix time in milliseconds; equal to `startMs` if the event has no duration, undefined while it lasts. */
  readonly endMs?: number
  readonly store?: string
  /** The label of the process or thread; undefined if there is only one. */
  readonly worker?: string
  readonly severity: EventSeverity
  /** What happened, in a few plain words. */
  readonly title: string
  readonly details: EventDetails[Kind]
}

/** Something that happened at a time: in an engine, in the monitoring or in the process. */
export type TimelineEvent = { [Kind in EventKind]: EventOf<Kind> }[EventKind]

/**
 * How many events of each kind are kept for each process, so that many of one kind displace none of another. In all about 2,000,
 * which take less than 2 MB.
 */
export const eventLimits: Readonly<Record<EventKind, number>> = {
  flush: 300,
  compaction: 400,
  write_stall: 200,
  health_change: 200,
  alert: 200,
  slow_operations: 150,
  event_loop_block: 150,
  store_opened: 50,
  store_closed: 50,
  settings: 50,
  notification: 100,
  silence: 50,
  process: 50,
  annotation: 100,
  audit: 25,
  clock: 20,
}

/** All kinds of events. */
export const eventKinds = Object.keys(eventLimits) as readonly EventKind[]
