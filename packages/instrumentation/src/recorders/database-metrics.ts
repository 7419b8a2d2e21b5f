import { otherError } from '../metrics/error-type.ts'
import { validateLabel } from '../metrics/labels.ts'
import { isDefined, type Numeric, sumKnown, toNumber } from '../metrics/numeric.ts'
import { operations as allOperations, type MetricName, type Operation, operationMetrics } from '../metrics/semconv.ts'
import { OperationRecorder } from '../operations/recorder.ts'
import type { MetricsRegistry } from '../registry/registry.ts'

export interface DatabaseMetricsOptions {
  /** The store's name: the label `store` on all its metrics. */
  readonly store: string
  /** What kind of store it is: `db.system.name` in OpenTelemetry's convention (default: the store's name). */
  readonly engine?: string
  /** Operations whose series are there, at 0, from the start (default get, set, delete, batch). Others come with their first record. */
  readonly operations?: readonly Operation[]
  /** The kinds of error that `errorType` may name; any other is `_OTHER`, so that kinds stay few. */
  readonly errorTypes?: readonly string[]
}

/**
 * The operations and the resources of a store of your own, in Wombat's verbs. Durations are in nanoseconds, as
 * `process.hrtime.bigint()` counts them; sizes in bytes; every number may be a BigInt. No method throws: what is no number is
 * refused and counted, as the registry does.
 */
export class DatabaseMetrics {
  readonly #registry: MetricsRegistry
  readonly #store: string
  readonly #engine: string
  readonly #errorTypes: ReadonlySet<string>
  readonly #recorders = new Map<Operation, OperationRecorder>()

  /** @throws TypeError when `store` or `engine` cannot be a label, or an operation is none of Wombat's. */
  constructor(
    registry: MetricsRegistry,
    { store, engine = store, operations = ['get', 'set', 'delete', 'batch'], errorTypes = [] }: DatabaseMetricsOptions,
  ) {
    const fault = validateLabel('store', store) ?? validateLabel('engine', engine)
    if (fault !== undefined) throw new TypeError(fault)
    this.#registry = registry
    this.#store = store
    this.#engine = engine
    this.#errorTypes = new Set(errorTypes)
    for (const operation of operations) this.#recorder(operation)
  }

  recordGet(durationNs: Numeric, success: boolean, errorType?: string): void {
    this.record('get', durationNs, success, { errorType })
  }

  recordSet(durationNs: Numeric, success: boolean, errorType?: string): void {
    this.record('set', durationNs, success, { errorType })
  }

  recordDelete(durationNs: Numeric, success: boolean, errorType?: string): void {
    this.record('delete', durationNs, success, { errorType })
  }

  /** A batch of `entries` writes is one operation. */
  recordBatch(durationNs: Numeric, success: boolean, entries: Numeric = 0, errorType?: string): void {
    this.record('batch', durationNs, success, { entries, errorType })
  }

  /** A scan that delivered `entries` is one operation. */
  recordScan(durationNs: Numeric, success: boolean, entries: Numeric = 0, errorType?: string): void {
    this.record('scan', durationNs, success, { entries, errorType })
  }

  recordClear(durationNs: Numeric, success: boolean, errorType?: string): void {
    this.record('clear', durationNs, success, { errorType })
  }

  recordHas(durationNs: Numeric, success: boolean, errorType?: string): void {
    this.record('has', durationNs, success, { errorType })
  }

  recordGetMany(durationNs: Numeric, success: boolean, errorType?: string): void {
    this.record('get_many', durationNs, success, { errorType })
  }

  /** Any operation; the verbs above are this one with its name filled in. */
  record(
    operation: Operation,
    durationNs: Numeric,
    success: boolean,
    options: { readonly entries?: Numeric; readonly errorType?: string | undefined } = {},
  ): void {
    if (!allOperations.includes(operation)) {
      this.#registry.reject(
        typeof operation === 'string' ? operationMetrics(operation).operations : 'operation',
        'undeclared',
        operation,
      )
      return
    }
    // JavaScript callers pass null where they mean nothing, and a default does not stand in for it.
    const { entries, errorType } = options ?? {}
    const recorder = this.#recorder(operation)
    const seconds = toNumber(durationNs) / 1e9
    if (success) recorder.recordSuccess(seconds, toNumber(entries ?? 0))
    else recorder.recordFailure(seconds, { code: errorType ?? otherError })
  }

  /** The total is the sum of the parts that are given. */
  updateMemoryUsage(memtableBytes: Numeric, cacheBytes: Numeric, bufferBytes?: Numeric): void {
    this.#set('db_memtable_bytes', memtableBytes)
    this.#set('db_cache_bytes', cacheBytes)
    this.#set('db_buffer_bytes', bufferBytes)
    this.#set('db_total_memory_bytes', sumKnown([memtableBytes, cacheBytes, bufferBytes]))
  }

  /** Operations begun and not yet settled. */
  updateQueueDepth(depth: Numeric): void {
    this.#set('db_queue_depth', depth)
  }

  /** Age in seconds of the oldest operation in flight, 0 while there is none. */
  updateOldestOperationAge(ageSeconds: Numeric): void {
    this.#set('db_oldest_operation_age_seconds', ageSeconds)
  }

  updateCacheUse(hits: Numeric, misses: Numeric): void {
    this.#registry.incrementCounter('db_cache_hits_total', toNumber(hits), { store: this.#store })
    this.#registry.incrementCounter('db_cache_misses_total', toNumber(misses), { store: this.#store })
  }

  #set(name: MetricName, value: Numeric | undefined): void {
    if (isDefined(value)) this.#registry.setGaugeWithLabels(name, toNumber(value), { store: this.#store })
  }

  #recorder(operation: Operation): OperationRecorder {
    let recorder = this.#recorders.get(operation)
    if (recorder === undefined) {
      recorder = new OperationRecorder(this.#registry, operation, { store: this.#store, engine: this.#engine }, this.#errorTypes)
      this.#recorders.set(operation, recorder)
    }
    return recorder
  }
}
