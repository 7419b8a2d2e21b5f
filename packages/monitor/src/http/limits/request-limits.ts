import type { MetricsRegistry } from '@wombat/instrumentation'
import { options as defaults } from '../../config/options.ts'

/** The limits that are options. */
export interface RequestLimitOptions {
  /** Samples that one query of the history may read. */
  readonly queryMaxSamples?: number | undefined
  /** How long a query may take, with its wait for others, in milliseconds. */
  readonly queryTimeoutMs?: number | undefined
  /** Requests that may be answered at the same time; of one endpoint, a quarter of them. */
  readonly maxRequests?: number | undefined
  /** Counts what is refused. */
  readonly registry?: MetricsRegistry | undefined
}

/** The limits that are the same everywhere. */
export const fixedLimits = {
  /** Queries that run at the same time: a short one does not wait for a long one. */
  runningQueries: 4,
  /** Queries that run or wait: about as many as a page with many panels requests at once. */
  queuedQueries: 16,
  /** A query that reads more than this share of `queryMaxSamples` is large: of these, one runs at a time. */
  largeQueryShare: 0.1,
  /** Large queries that run or wait, besides the others. */
  queuedLargeQueries: 8,
  /** Series of one answer. */
  answerSeries: 1000,
  /** Points of one answer: its series times its steps. In memory, a point takes 12 bytes. */
  answerPoints: 3_000_000,
  /** Points of all answers that are evaluated, or that clients have not read. */
  heldPoints: 6_000_000,
  /** How long a client may take for one part of an answer, in milliseconds. Prometheus itself waits for 10 s by default. */
  patienceMs: 30_000,
  /** Probes that may be answered at the same time, whatever else is. */
  probes: 1024,
  /** Clients that may wait for the page for Prometheus. */
  pageClients: 32,
  /** Streams of events that may be open. */
  eventStreams: 100,
  /** Bytes of the body of a request: none needs more. */
  bodyBytes: 64 * 1024,
  /** Connections of one server; at most a quarter of the files that the process may open. */
  connections: 4096,
  /** Requests of one connection that wait for the answer to the one before them. Further ones get 503 in their turn. */
  pipelined: 64,
  /** Requests that may wait on one connection, to be answered or refused. With more, it is ended. */
  queuedPipelined: 1024,
  /** The same of all connections: such a request takes some kilobytes. */
  allPipelined: 8192,
  /** Bytes of answers that are sent and that clients have not taken, of all connections. */
  unreadBytes: 64 * 2 ** 20,
  /** Bytes that a client has to take in the time of `patienceMs`, if so many wait for it. */
  patienceBytes: 16 * 1024,
  /** How often that is checked, in milliseconds. */
  patienceCheckMs: 5000,
  /** How long the headers of a request may take, in milliseconds, and how long a new connection may send nothing. */
  headersTimeoutMs: 10_000,
  /** How long a whole request may take to arrive, in milliseconds. */
  requestTimeoutMs: 30_000,
  /** How long a connection may be idle between two requests, in milliseconds. */
  keepAliveTimeoutMs: 5000,
} as const

/**
 * Why a request is not answered, or not to its end:
 *
 * - `busy`: too many are answered at the same time, or too many queries wait.
 * - `cost`: the query would read too many samples, or its answer would be too large.
 * - `timeout`: the query took too long.
 * - `pipelined`: too many requests waited on its connection, or on all.
 * - `slow`: the client did not read its answer.
 * - `unread`: clients left too many bytes unread, this one most of them.
 * - `cross_site`: a page of another site sent it.
 * - `connections`: there were too many connections, and this one was idle for longest, or the newest.
 */
export const refusalReasons = ['busy', 'cost', 'timeout', 'pipelined', 'slow', 'unread', 'cross_site', 'connections'] as const

/** Why a request is not answered, or not to its end. */
export type RefusalReason = (typeof refusalReasons)[number]

const refusalsMetric = 'wombat_monitor_requests_refused_total'

/** Publishes the counters of refused requests at 0. */
export function createRefusalCounters(registry: MetricsRegistry): void {
  for (const reason of refusalReasons) registry.counter(refusalsMetric, { reason })
}

/** What the requests of one monitoring may cost the process: its options, and the count of what is refused. */
export class RequestLimits {
  readonly queryMaxSamples: number
  readonly queryTimeoutMs: number
  readonly maxRequests: number
  readonly #registry: MetricsRegistry | undefined

  constructor({ registry, ...options }: RequestLimitOptions = {}) {
    this.queryMaxSamples = options.queryMaxSamples ?? defaults.queryMaxSamples.defaultValue
    this.queryTimeoutMs = options.queryTimeoutMs ?? defaults.queryTimeoutMs.defaultValue
    this.maxRequests = options.maxRequests ?? defaults.maxRequests.defaultValue
    this.#registry = registry
  }

  /** Counts a request that is refused, and logs the first one of each reason. */
  recordRefusal(reason: RefusalReason, message: string): void {
    this.#registry?.incrementCounter(refusalsMetric, 1, { reason })
    this.#registry?.warnOnce(`request ${reason}`, `${message}; further ones are only counted, in ${refusalsMetric}`)
  }
}
