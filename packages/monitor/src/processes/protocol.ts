import type { Semconv } from '@wombat/instrumentation'
import type { HealthReport } from '../health/check.ts'
import type { FrameHead } from './series-table.ts'

/** Processes whose numbers differ do not understand each other. */
export const protocolVersion = 2

/** The URLs of the HTTP servers; a server that is disabled has none. */
export interface Addresses {
  readonly prometheus?: string
  readonly json?: string
}

/** What a process or thread says first. */
export interface Hello {
  readonly protocol: number
  /** Identifies the process or thread for its whole life. */
  readonly worker: string
  readonly pid: number
  /** The thread; 0 for the main thread. */
  readonly thread: number
  readonly semconv: Semconv
  /** The generation it was connected to before; 0 if this is its first connection. */
  readonly lastGeneration: number
  /** The label that it had there. */
  readonly lastSlot: string | undefined
  /** The generation of which it has a complete replica; 0 if it has none. */
  readonly replicaGeneration: number
}

/** The answer to `hello`. */
export interface Welcome {
  readonly slot: string
  readonly generation: number
  /** Whether only what is recorded from now on counts: an earlier process has counted the rest, and its sums are lost. */
  readonly isBaseline: boolean
  readonly addresses: Addresses
}

/** A frame that the process that collects passes on to the one with the replica. */
export interface ReplicatedFrame extends FrameHead {
  readonly worker: string
  readonly slot: string
}

/** A text that belongs to the process that collects, whichever that is. */
export interface StoredText {
  readonly name: string
  readonly value: string
}

/** A request to the HTTP endpoints that another process received. */
export interface ForwardedRequest {
  readonly method: string
  readonly url: string
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly body?: string
  /** The address of the client; left out if it is unknown. */
  readonly remoteAddress?: string
  /** The path and the query that the client requested, if a framework has cut off something. */
  readonly originalUrl?: string
  /** `1.0` or `1.1`. */
  readonly httpVersion?: string
}

export interface ForwardedResponse {
  readonly status: number
  readonly headers: ReadonlyArray<readonly [string, string]>
  readonly body: string
  /** Set if each character of the body is one byte: messages are JSON, which has only text. */
  readonly isBinary?: true
}

/** The state of a process or thread, as the process that collects sees it. */
export interface WorkerState {
  /** The value of the label `worker`. */
  readonly worker: string
  readonly pid: number
  /** The thread; left out for the main thread. */
  readonly thread?: number
  /** `late`: it has not answered; its counters are those of its last answer. */
  readonly state: 'current' | 'late'
  /** Unix time in milliseconds of its last answer. */
  readonly lastAnswerMs: number
}

/** The health report of a process or thread. */
export interface WorkerHealth {
  readonly worker: string
  readonly report: HealthReport
}
