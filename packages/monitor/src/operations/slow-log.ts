import type { MetricsRegistry, SlowOperation } from '@wombat/instrumentation'
import type { Logger } from '../logger.ts'
import type { ProcessDelays } from '../process/process-state.ts'
import { attributeLatency, type LatencyAttribution } from './latency-attribution.ts'
import { RecentBuffer } from './recent-buffer.ts'
import { type OperationThreshold, type SlowThreshold, SlowThresholds } from './slow-thresholds.ts'
import { TokenBucket } from './token-bucket.ts'

/** A slow operation as it is kept, logged and told: never its key, its value or the message of its error. */
export interface SlowRecord extends LatencyAttribution {
  /** Unix time in milliseconds at which it settled. */
  readonly timeMs: number
  readonly store: string
  readonly operation: string
  /** The sum of the three parts. */
  readonly durationSeconds: number
  /** How late the event loop was when it settled. */
  readonly eventLoopDelaySeconds: number
  readonly entries: number | undefined
  readonly keyBytes: number | undefined
  readonly valueBytes: number | undefined
  readonly inFlight: number | undefined
  readonly isFailed: boolean
  readonly traceId: string | undefined
  readonly spanId: string | undefined
}

export interface SlowLogOptions {
  readonly registry: MetricsRegistry
  readonly process: ProcessDelays
  readonly logger: Logger
  readonly thresholdMs: SlowThreshold
  /** How many are kept (default 100). */
  readonly keep?: number
  /** The clock of `performance.now()`. */
  readonly now?: () => number
  /** Unix time in milliseconds. */
  readonly timeNow?: () => number
}

/** Engines whose scans do all their work in the call: nothing comes back from anywhere. */
const scanAtOnce: ReadonlySet<string> = new Set(['lmdb', 'map'])

/** Counts slow operations, keeps the last of them, says in the log what they were, and what their time went to. Once for a registry. */
export class SlowLog {
  readonly #registry: MetricsRegistry
  readonly #process: ProcessDelays
  readonly #logger: Logger
  readonly #now: () => number
  readonly #timeNow: () => number
  readonly #kept: RecentBuffer<SlowRecord>
  readonly #lines = new TokenBucket()
  readonly #thresholds: SlowThresholds
  readonly #unwatch: ReadonlyArray<() => void>

  /** @throws RangeError */
  constructor({ registry, process, logger, thresholdMs, keep = 100, now, timeNow = Date.now }: SlowLogOptions) {
    if (!Number.isInteger(keep) || keep < 1) {
      throw new RangeError(`keep must be a whole number of 1 or more, got ${keep}: so many slow operations are remembered`)
    }
    this.#registry = registry
    this.#process = process
    this.#logger = logger
    this.#now = now ?? (() => performance.now())
    this.#timeNow = timeNow
    this.#kept = new RecentBuffer(keep)
    this.#thresholds = new SlowThresholds(registry.observer, thresholdMs, this.#now)
    this.#unwatch = [
      registry.observer.onOperation(({ store, operation }) => registry.counter('db_slow_operations_total', { store, operation })),
      registry.observer.onSlow((operation) => this.#add(operation)),
    ]
  }

  /** Those that are kept, newest first. */
  get records(): SlowRecord[] {
    return [...this.#kept]
  }

  /** How many lines the log was spared. */
  get suppressed(): number {
    return this.#lines.suppressed
  }

  /** From how long on operations are slow: all of them or, where each has its own threshold, each. */
  get thresholdSeconds(): number | OperationThreshold[] {
    return this.#thresholds.seconds
  }

  /** @throws RangeError */
  setThreshold(thresholdMs: SlowThreshold): void {
    this.#thresholds.set(thresholdMs)
  }

  /** While false nothing is slow; what is kept stays. */
  get enabled(): boolean {
    return this.#thresholds.enabled
  }

  set enabled(enabled: boolean) {
    this.#thresholds.enabled = enabled
  }

  /** Works out the operations' own thresholds now, and not only every ten seconds. */
  adapt(): void {
    this.#thresholds.adapt()
  }

  close(): void {
    for (const step of this.#unwatch) step()
    this.#thresholds.close()
  }

  #add(operation: SlowOperation): void {
    const { store } = operation
    this.#registry.incrementCounter('db_slow_operations_total', 1, { store, operation: operation.operation })
    const record = this.#recordOf(operation)
    this.#kept.add(record)
    const line = this.#lines.take(this.#now())
    if (line !== undefined) this.#logger.warn({ ...record, ...(line.leftOut > 0 && line) }, 'slow operation')
  }

  #recordOf(slow: SlowOperation): SlowRecord {
    const { store, operation, seconds, entries, keyBytes, valueBytes, inFlight, isFailed, trace } = slow
    return {
      timeMs: this.#timeNow(),
      store,
      operation,
      durationSeconds: seconds,
      ...attributeLatency({ seconds, ...this.#elsewhere(slow) }),
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
   * What of its time may not have been the store's. An operation that nobody counts in flight, without a turn of the loop since
   * its call, answered at once: it was the store that kept the loop. (One that its owner times himself looks the same when the
   * loop was blocked from beginning to end.) What a scan's reader took in between is not in its time, and so is not to be
   * taken out of it: only what its reader cannot have caused is the loop's.
   */
  #elsewhere({ startMs, seconds, operation, engine, inFlight }: SlowOperation): {
    deliveryDelaySeconds: number
    poolWaitSeconds: number
  } {
    const nowMs = this.#now()
    const process = this.#process
    const isScan = operation === 'scan'
    if (isScan ? scanAtOnce.has(engine) : inFlight === undefined && !process.hasIteratedSince(startMs)) {
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
