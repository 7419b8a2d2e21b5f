import { validateLabel } from '../metrics/labels.ts'
import { isDefined, type Numeric, sumKnown, toNumber } from '../metrics/numeric.ts'
import type { MetricName } from '../metrics/semconv.ts'
import { type MetricsRegistry, validateRegistry } from '../registry/registry.ts'
import { validateOptions } from '../validation/validate-options.ts'

/** The disk usage of a store in bytes. Leave out unknown parts, and parts that the store does not have. */
export interface DiskUsage {
  /** Size of the table files in bytes. */
  readonly sstableBytes?: Numeric
  /** Size of the values that are stored outside the tables, in bytes. */
  readonly valueLogBytes?: Numeric
  /** Size of the write-ahead log in bytes. */
  readonly walBytes?: Numeric
  /** Size of all files in bytes (default: the sum of the given parts). */
  readonly totalBytes?: Numeric
}

/**
 * Records the levels, compactions, flushes, write stalls and disk usage of a store that you wrote yourself.
 *
 * Durations are in **milliseconds** (those of `DatabaseMetrics` are in nanoseconds): `recordFlush(4096, 0.02)` records
 * 0.02 ms and is almost certainly a value in seconds. Sizes are in bytes. Every number may be a BigInt. No method
 * throws: the registry counts and logs a value that is not a number.
 *
 * @example
 * ```ts
 * import { MetricsRegistry, StorageMetrics } from '@wombat/instrumentation'
 *
 * const registry = new MetricsRegistry()
 * const storage = new StorageMetrics(registry, { store: 'orders' })
 * storage.updateLevelStats(0, 4, 8 * 1024 * 1024) // 4 files of 8 MiB in total in level 0
 * storage.recordFlush(4 * 1024 * 1024, 35) // 4 MiB in 35 ms
 * storage.recordCompaction(0, 4, 1, 8 * 1024 * 1024, 6 * 1024 * 1024, 120) // in 120 ms
 * storage.recordWriteStall('memtable', 15) // 15 ms
 * storage.updateDiskUsage({ sstableBytes: 6 * 1024 * 1024, walBytes: 1024 })
 * ```
 */
export class StorageMetrics {
  readonly #registry: MetricsRegistry
  readonly #labels: { readonly store: string }

  /** @throws TypeError if an option is unknown, or `store` is not a valid label. */
  constructor(registry: MetricsRegistry, options: { readonly store: string }) {
    validateRegistry(registry)
    validateOptions(options, {
      call: 'new StorageMetrics(registry, options)',
      names: ['store'],
      example: "{ store: 'orders' }",
    })
    const { store } = options
    const problem = validateLabel('store', store)
    if (problem !== undefined) throw new TypeError(problem)
    this.#registry = registry
    this.#labels = Object.freeze({ store })
  }

  /** Sets the number and the total size in bytes of the table files in a level. */
  updateLevelStats(level: Numeric, fileCount: Numeric, totalSizeBytes: Numeric): void {
    const labels = { ...this.#labels, level: String(toNumber(level)) }
    this.#registry.setGaugeWithLabels('db_level_files', toNumber(fileCount), labels)
    this.#registry.setGaugeWithLabels('db_level_bytes', toNumber(totalSizeBytes), labels)
  }

  /**
   * Records a completed compaction: files and bytes it read and wrote, and its duration in milliseconds. If it read 0
   * bytes, it has no write amplification.
   *
   * @param _level the level that was compacted. No metric has it as a label.
   */
  recordCompaction(
    _level: Numeric,
    inputFiles: Numeric,
    outputFiles: Numeric,
    inputBytes: Numeric,
    outputBytes: Numeric,
    durationMs: Numeric,
  ): void {
    this.#add('db_compaction_operations_total', 1)
    this.#record('db_compaction_duration_seconds', toNumber(durationMs) / 1000)
    const read = toNumber(inputBytes)
    if (read > 0) this.#record('db_compaction_write_amplification', toNumber(outputBytes) / read)
    this.#add('db_compaction_input_files_total', inputFiles)
    this.#add('db_compaction_output_files_total', outputFiles)
    this.#add('db_compaction_input_bytes_total', inputBytes)
    this.#add('db_compaction_output_bytes_total', outputBytes)
  }

  /** Records a completed space reclamation: the bytes it freed, and its duration in milliseconds. */
  recordSpaceReclaim(reclaimedBytes: Numeric, durationMs: Numeric): void {
    this.#add('db_space_reclaim_operations_total', 1)
    this.#add('db_space_reclaim_bytes_total', reclaimedBytes)
    this.#record('db_space_reclaim_duration_seconds', toNumber(durationMs) / 1000)
  }

  /** Records a completed memtable flush: the bytes it wrote, and its duration in milliseconds. */
  recordFlush(flushedBytes: Numeric, durationMs: Numeric): void {
    this.#add('db_flush_operations_total', 1)
    this.#add('db_flush_bytes_total', flushedBytes)
    this.#record('db_flush_duration_seconds', toNumber(durationMs) / 1000)
  }

  /** Records a write stall and its duration in milliseconds. `cause` becomes a label: use few fixed words. */
  recordWriteStall(cause: string, durationMs: Numeric): void {
    const labels = { ...this.#labels, cause }
    this.#registry.incrementCounter('db_write_stalls_total', 1, labels)
    this.#registry.incrementCounter('db_write_stall_seconds_total', toNumber(durationMs) / 1000, labels)
  }

  /** Sets the disk usage in bytes. Parts that are left out keep their value. */
  updateDiskUsage(usage: DiskUsage): void {
    const { sstableBytes, valueLogBytes, walBytes, totalBytes } = usage ?? {}
    this.#set('db_sstable_bytes', sstableBytes)
    this.#set('db_value_log_bytes', valueLogBytes)
    this.#set('db_wal_bytes', walBytes)
    this.#set('db_total_disk_bytes', totalBytes ?? sumKnown([sstableBytes, valueLogBytes, walBytes]))
  }

  #add(name: MetricName, amount: Numeric): void {
    this.#registry.incrementCounter(name, toNumber(amount), this.#labels)
  }

  #record(name: MetricName, value: number): void {
    this.#registry.recordHistogram(name, value, this.#labels)
  }

  #set(name: MetricName, value: Numeric | undefined): void {
    if (isDefined(value)) this.#registry.setGaugeWithLabels(name, toNumber(value), this.#labels)
  }
}
