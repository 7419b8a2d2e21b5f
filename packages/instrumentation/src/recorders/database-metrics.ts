import { otherError } from '../metrics/error-type.ts'
import { validateLabel } from '../metrics/labels.ts'
import { isDefined, type Numeric, sumKnown, toNumber } from '../metrics/numeric.ts'
import { operations as allOperations, type MetricName, type Operation, operationMetrics } from '../metrics/semconv.ts'
import { OperationRecorder } from '../operations/recorder.ts'
import { type MetricsRegistry, validateRegistry } from '../registry/registry.ts'
import { validateOptions } from '../validation/validate-options.ts'

/** Options of `DatabaseMetrics`. */
export interface DatabaseMetricsOptions {
  /** The name of the store: the label `store` of all its metrics. */
  readonly store: string
  /** The kind of the store: `db.system.name` in OpenTelemetry's convention (default: the name of the store). */
  readonly engine?: string
  /**
   * Operations with series at 0 from the start (default get, set, delete, batch). The series of other operations appear
   * with their first record.
   */
  readonly operations?: readonly Operation[]
  /** The valid values of `errorType`. Any other value is counted as `_OTHER`, which limits the number of series. */
  readonly errorTypes?: readonly string[]
}

/**
 * Records the operations and the resources of a store that you wrote yourself.
 *
 * Durations are in **nanoseconds**, as `process.hrtime.bigint()` returns them: `recordGet(0.002, true)` records 0.002
 * ns and is almost certainly a value in seconds. Multiply milliseconds of `performance.now()` by 1e6. Sizes are in
 * bytes. Every number may be a BigInt. No method throws: the registry counts and logs a value that is not a number.
 *
 * @example
 * ```ts
 * import { DatabaseMetrics, MetricsRegistry } from '@wombat/instrumentation'
 *
 * const registry = new MetricsRegistry()
 * const database = new DatabaseMetrics(registry, { store: 'sessions', errorTypes: ['FULL'] })
 *
 * const sessions = new Map([['a', 'Ada']])
 * const start = process.hrtime.bigint()
 * sessions.get('a')
 * database.recordGet(process.hrtime.bigint() - start, true)
 * database.recordSet(2_000_000, false, 'FULL') // failed after 2 ms
 * database.recordBatch(5_000_000, true, 100) // 100 writes in 5 ms
 * database.updateMemoryUsage(4 * 1024 * 1024, 8 * 1024 * 1024)
 * ```
 */
export class DatabaseMetrics {
  readonly #registry: MetricsRegistry
  readonly #store: string
  readonly #engine: string
  readonly #errorTypes: ReadonlySet<string>
  readonly #recorders = new Map<Operation, OperationRecorder>()

  /** @throws TypeError if an option is unknown, `store` or `engine` is not a valid label, or an operation is unknown. */
  constructor(registry: MetricsRegistry, options: DatabaseMetricsOptions) {
    validateRegistry(registry)
    validateOptions(options, {
      call: 'new DatabaseMetrics(registry, options)',
      names: ['store', 'engine', 'operations', 'errorTypes'],
      example: "{ store: 'orders' }",
    })
    const { store, engine = store, operations = ['get', 'set', 'delete', 'batch'], errorTypes = [] } = options
    const problem = validateLabel('store', store) ?? validateLabel('engine', engine)
    if (problem !== undefined) throw new TypeError(problem)
    this.#registry = registry
    this.#store = store
    this.#engine = engine
    this.#errorTypes = new Set(errorTypes)
    for (const operation of operations) this.#recorder(operation)
  }

  /** Records a get that took `durationNs` nanoseconds. `errorType` states why it failed. */
  recordGet(durationNs: Numeric, success: boolean, errorType?: string): void {
    this.record('get', durationNs, success, { errorType })
  }

  /** Records a set that took `durationNs` nanoseconds. `errorType` states why it failed. */
  recordSet(durationNs: Numeric, success: boolean, errorType?: string): void {
    this.record('set', durationNs, success, { errorType })
  }

  /** Records a delete that took `durationNs` nanoseconds. `errorType` states why it failed. */
  recordDelete(durationNs: Numeric, success: boolean, errorType?: string): void {
    this.record('delete', durationNs, success, { errorType })
  }

  /** Records one batch of `entries` writes that took `durationNs` nanoseconds. `errorType` states why it failed. */
  recordBatch(durationNs: Numeric, success: boolean, entries: Numeric = 0, errorType?: string): void {
    this.record('batch', durationNs, success, { entries, errorType })
  }

  /** Records one scan that returned `entries` and took `durationNs` nanoseconds. `errorType` states why it failed. */
  recordScan(durationNs: Numeric, success: boolean, entries: Numeric = 0, errorType?: string): void {
    this.record('scan', durationNs, success, { entries, errorType })
  }

  /** Records a clear that took `durationNs` nanoseconds. `errorType` states why it failed. */
  recordClear(durationNs: Numeric, success: boolean, errorType?: string): void {
    this.record('clear', durationNs, success, { errorType })
  }

  /** Records an existence check that took `durationNs` nanoseconds. `errorType` states why it failed. */
  recordHas(durationNs: Numeric, success: boolean, errorType?: string): void {
    this.record('has', durationNs, success, { errorType })
  }

  /** Records one get of several keys that took `durationNs` nanoseconds. `errorType` states why it failed. */
  recordGetMany(durationNs: Numeric, success: boolean, errorType?: string): void {
    this.record('get_many', durationNs, success, { errorType })
  }

  /**
   * Records any operation that took `durationNs` nanoseconds; the methods above call this one.
   *
   * @param options `entries` of a batch or a scan, and the `errorType` of a failure.
   */
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
    // JavaScript callers may pass null, for which a default value is not used.
    const { entries, errorType } = options ?? {}
    const recorder = this.#recorder(operation)
    const seconds = toNumber(durationNs) / 1e9
    if (success) recorder.recordSuccess(seconds, toNumber(entries ?? 0))
    else recorder.recordFailure(seconds, { code: errorType ?? otherError })
  }

  /** Sets the memory of memtables, block cache and (if known) other buffers in bytes, and their sum as the total. */
  updateMemoryUsage(memtableBytes: Numeric, cacheBytes: Numeric, bufferBytes?: Numeric): void {
    this.#set('db_memtable_bytes', memtableBytes)
    this.#set('db_cache_bytes', cacheBytes)
    this.#set('db_buffer_bytes', bufferBytes)
    this.#set('db_total_memory_bytes', sumKnown([memtableBytes, cacheBytes, bufferBytes]))
  }

  /** Sets the number of operations in flight: started and not yet settled. */
  updateQueueDepth(depth: Numeric): void {
    this.#set('db_queue_depth', depth)
  }

  /** Sets the age of the oldest operation in flight in **seconds** (not nanoseconds); 0 if there is none. */
  updateOldestOperationAge(ageSeconds: Numeric): void {
    this.#set('db_oldest_operation_age_seconds', ageSeconds)
  }

  /** Adds cache hits and misses: the numbers since the last call, not the totals. */
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
