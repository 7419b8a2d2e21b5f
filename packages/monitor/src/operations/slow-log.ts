import type { MetricsRegistry, SlowOperation } from '@wombat/instrumentation'
import type { Logger } from '../logger.ts'
import type { ProcessDelays } from '../process/process-state.ts'
import { type Clock, SystemClock } from '../time/clock.ts'
import { attributeLatency, type LatencyAttribution, type OperationTime } from './latency-attribution.ts'
import { RecentBuffer } from './recent-buffer.ts'
import { type OperationThreshold, type SlowThreshold, SlowThresholds } from './slow-thresholds.ts'
import { TokenBucket } from './token-bucket.ts'

/** A slow operation, as it is kept and logged. It never contains a key, a value or an error message. */
export interface SlowRecord extends LatencyAttribution {
  /** Unix time in milliseconds at which the operation settled. */
  readonly timeMs: number
  readonly store: string
  readonly operation: string
  /** Sum of `storeSeconds`, `loopSeconds` and `poolSeconds`. */
  readonly durationSeconds: number
  /** Delay of the event loop when the operation settled. */
  readonly eventLoopDelaySeconds: number
  /** Entries of a batch or a scan. */
  readonly entries: number | undefined
  readonly keyBytes: number | undefined
  readonly valueBytes: number | undefined
  /** Operations of the store in flight when it settled, including itself; undefined if they are not tracked. */
  readonly inFlight: number | undefined
  readonly isFailed: boolean
  readonly traceId: string | undefined
  readonly spanId: string | undefined
}

/** What a slow log observes, and where it writes. */
export interface SlowLogOptions {
  readonly registry: MetricsRegistry
  readonly process: ProcessDelays
  readonly logger: Logger
  /** Milliseconds from which an operation is slow. */
  readonly thresholdMs: number
  /** Whether an operation is also slow if it takes ten times its usual P99, and at least 20 ms. Default: false. */
  readonly isAdaptive?: boolean
  /** Called with each slow operation. */
  readonly onSlow?: (record: SlowRecord) => void
  /** How many records are kept. Default: 100. */
  readonly keep?: number
  /** Clock of durations in milliseconds. Default: `performance.now`. */
  readonly now?: () => number
  /** Dates the records. Default: a `SystemClock` of its own. */
  readonly clock?: Clock
}

/** Engines that run a scan entirely in its call: results never wait for the event loop or the thread pool. */
const synchronousScans: ReadonlySet<string> = new Set(['lmdb', 'lru-cache', 'map', 'node-cache'])

/** Counts slow operations, keeps the last ones, and logs them with what they waited for. One per registry. */
export class SlowLog {
  readonly #registry: MetricsRegistry
  readonly #process: ProcessDelays
  readonly #logger: Logger
  readonly #now: () => number
  readonly #clock: Clock
  readonly #onSlow: ((record: SlowRecord) => void) | undefined
  /** With times that no setting of the clock changes. */
  readonly #records: RecentBuffer<SlowRecord>
  readonly #logLimit = new TokenBucket()
  readonly #thresholds: SlowThresholds
  readonly #removeListeners: ReadonlyArray<() => void>

  /** @throws RangeError if `keep` or `thresholdMs` is not valid. */
  constructor({
    registry,
    process,
    logger,
    thresholdMs,
    isAdaptive = false,
    onSlow,
    keep = 100,
    now,
    clock = new SystemClock(),
  }: SlowLogOptions) {
    if (!Number.isInteger(keep) || keep < 1) {
      throw new RangeError(
        `keep must be a whole number of 1 or more, got ${keep}: it is the number of slow operations that are kept`,
      )
    }
    this.#registry = registry
    this.#process = process
    this.#logger = logger
    this.#now = now ?? (() => performance.now())
    this.#clock = clock
    this.#onSlow = onSlow
    this.#records = new RecentBuffer(keep)
    this.#thresholds = new SlowThresholds(registry.observer, { thresholdMs, isAdaptive }, this.#now)
    this.#removeListeners = [
      // The counter of each operation starts at 0, so that its rate is known from the start.
      registry.observer.onOperation(({ store, operation }) => registry.counter('db_slow_operations_total', { store, operation })),
      registry.observer.onSlow((operation) => this.#add(operation)),
    ]
  }

  /** The records that are kept, newest first. */
  get records(): SlowRecord[] {
    const { stepsMs } = this.#clock
    return [...this.#records].map((record) => ({ ...record, timeMs: record.timeMs + stepsMs }))
  }

  /** How many log lines were suppressed by the rate limit. */
  get suppressed(): number {
    return this.#logLimit.suppressed
  }

  /** The threshold of every operation, in seconds. */
  get thresholdSeconds(): number {
    return this.#thresholds.seconds
  }

  /** The thresholds of the operations that are slow earlier, because they usually take much less. */
  get adaptiveThresholds(): OperationThreshold[] {
    return this.#thresholds.adaptive
  }

  /**
   * Sets the thresholds of all operations.
   *
   * @throws RangeError if the threshold is not valid.
   */
  setThreshold(thresholdMs: SlowThreshold): void {
    this.#thresholds.set(thresholdMs)
  }

  /** If false, no operation is slow. Records are kept. */
  get enabled(): boolean {
    return this.#thresholds.enabled
  }

  set enabled(enabled: boolean) {
    this.#thresholds.enabled = enabled
  }

  /** Computes the adaptive thresholds now, in addition to every ten seconds. */
  adapt(): void {
    this.#thresholds.adapt()
  }

  /** Stops observing. Records stay readable. */
  close(): void {
    for (const removeListener of this.#removeListeners) removeListener()
    this.#thresholds.close()
  }

  #add(operation: SlowOperation): void {
    const { store } = operation
    this.#registry.incrementCounter('db_slow_operations_total', 1, { store, operation: operation.operation })
    const record = this.#createRecord(operation)
    this.#records.add({ ...record, timeMs: record.timeMs - this.#clock.stepsMs })
    this.#onSlow?.(record)
    const token = this.#logLimit.take(this.#now())
    if (token !== undefined) this.#logger.warn({ ...record, ...(token.suppressed > 0 && token) }, 'slow operation')
  }

  #createRecord(slow: SlowOperation): SlowRecord {
    const { store, operation, seconds, entries, keyBytes, valueBytes, inFlight, isFailed, trace } = slow
    return {
      timeMs: this.#clock.nowMs(),
      store,
      operation,
      durationSeconds: seconds,
      ...attributeLatency({ seconds, ...this.#processDelays(slow) }),
      eventLoopDelaySeconds: this.#process.loopDelaySeconds(),
      entries,
      keyBytes,
      valueBytes,
      inFlight,
      isFailed,
      traceId: trace?.traceId,
      spanId: trace?.spanId,
    }
  }

  /**
   * Returns which part of the duration may not have been the store's.
   *
   * An operation that is not tracked in flight and settles without an iteration of the event loop ran synchronously: it blocked
   * the loop itself. (An operation that its owner times looks the same if the loop was blocked from start to end.)
   *
   * The duration of a scan does not include the time of its reader. So that this time is not subtracted twice, only the delay
   * that the reader cannot have caused is attributed to the event loop and the thread pool.
   */
  #processDelays({ startMs, seconds, operation, engine, inFlight }: SlowOperation): Omit<OperationTime, 'seconds'> {
    const nowMs = this.#now()
    const process = this.#process
    const isScan = operation === 'scan'
    if (isScan ? synchronousScans.has(engine) : inFlight === undefined && !process.hasIteratedSince(startMs)) {
      return { deliveryDelaySeconds: 0, poolWaitSeconds: 0 }
    }
    const poolWaitSeconds = process.externalPoolWaitSeconds(startMs, nowMs)
    if (!isScan) return { deliveryDelaySeconds: process.deliveryDelaySeconds(startMs), poolWaitSeconds }
    const readerSeconds = Math.max(0, (nowMs - startMs) / 1000 - seconds)
    return {
      deliveryDelaySeconds: Math.max(0, process.loopBlockedSeconds(startMs, nowMs) - readerSeconds),
      poolWaitSeconds: Math.max(0, poolWaitSeconds - readerSeconds),
    }
  }
}
