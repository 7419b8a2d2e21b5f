/** The details of an event, by its kind. Sizes are in bytes, durations in seconds; what is unknown is undefined. */
export interface StoreEventDetails {
  /** The engine wrote a memtable to disk. */
  readonly flush: { readonly bytes: number; readonly durationSeconds: number | undefined }
  /** The engine rewrote tables; `level` is the one that it wrote to. */
  readonly compaction: {
    readonly level: number | undefined
    readonly inputFiles: number
    readonly outputFiles: number | undefined
    readonly inputBytes: number | undefined
    readonly outputBytes: number
    readonly durationSeconds: number | undefined
  }
  /** The engine stopped or slowed down writers; the duration is undefined while it does. */
  readonly write_stall: { readonly cause: string; readonly durationSeconds: number | undefined }
  readonly store_opened: { readonly engine: string; readonly adapter: string }
  readonly store_closed: { readonly engine: string; readonly adapter: string }
}

/** The kind of an event of a store. */
export type StoreEventKind = keyof StoreEventDetails

/** An event of a kind. */
export interface StoreEventOf<Kind extends StoreEventKind> {
  readonly kind: Kind
  readonly store: string
  /** A later event of the same registry with the same number replaces this one. */
  readonly id: number
  /** Unix time in milliseconds, by the system clock as it was set then. */
  readonly startMs: number
  /** Equal to `startMs` if the event has no known duration; undefined while it lasts. */
  readonly endMs: number | undefined
  readonly details: StoreEventDetails[Kind]
}

/** Something that happened to a store or in its engine, dated by when it happened: it may be read seconds later. */
export type StoreEvent = { [Kind in StoreEventKind]: StoreEventOf<Kind> }[StoreEventKind]
