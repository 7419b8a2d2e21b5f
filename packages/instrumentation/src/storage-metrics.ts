import type { MetricsRegistry } from './registry.ts'
import type { MetricName } from './semconv.ts'

/** The parts of a store's disk usage; what the store has none of is left out. */
export interface DiskUsage {
  readonly sstableBytes?: number
  readonly valueLogBytes?: number
  readonly walBytes?: number
  /** Default: the sum of the parts that are given. */
  readonly totalBytes?: number
}

/** Levels, compactions, flushes and disk of a store of your own, in Wombat's verbs. No method throws. */
export class StorageMetrics {
  readonly #registry: MetricsRegistry
  readonly #labels: { readonly store: string }

  constructor(registry: MetricsRegistry, { store }: { readonly store: string }) {
    this.#registry = registry
    this.#labels = Object.freeze({ store })
  }

  updateLevelStats(level: number, fileCount: number, totalSizeBytes: number): void {
    const labels = { ...this.#labels, level: String(level) }
    this.#registry.setGaugeWithLabels('db_level_files', fileCount, labels)
    this.#registry.setGaugeWithLabels('db_level_bytes', totalSizeBytes, labels)
  }

  /**
   * One compaction of `level` is over. The level says where it read; the metrics do not keep it apart. A compaction that
   * read nothing has no write amplification.
   */
  recordCompaction(
    _level: number,
    inputFiles: number,
    outputFiles: number,
    inputBytes: number,
    outputBytes: number,
    durationMs: number,
  ): void {
    this.#add('db_compaction_operations_total', 1)
    this.#record('db_compaction_duration_seconds', durationMs / 1000)
    if (inputBytes > 0) this.#record('db_compaction_write_amplification', outputBytes / inputBytes)
    this.#add('db_compaction_input_files_total', inputFiles)
    this.#add('db_compaction_output_files_total', outputFiles)
    this.#add('db_compaction_input_bytes_total', inputBytes)
    this.#add('db_compaction_output_bytes_total', outputBytes)
  }

  recordSpaceReclaim(reclaimedBytes: number, durationMs: number): void {
    this.#add('db_space_reclaim_operations_total', 1)
    this.#add('db_space_reclaim_bytes_total', reclaimedBytes)
    this.#record('db_space_reclaim_duration_seconds', durationMs / 1000)
  }

  recordFlush(flushedBytes: number, durationMs: number): void {
    this.#add('db_flush_operations_total', 1)
    this.#add('db_flush_bytes_total', flushedBytes)
    this.#record('db_flush_duration_seconds', durationMs / 1000)
  }

  /** Writers were held back for `durationMs`; the cause is a word from a closed set of yours. */
  recordWriteStall(cause: string, durationMs: number): void {
    const labels = { ...this.#labels, cause }
    this.#registry.incrementCounter('db_write_stalls_total', 1, labels)
    this.#registry.incrementCounter('db_write_stall_seconds_total', durationMs / 1000, labels)
  }

  updateDiskUsage({ sstableBytes, valueLogBytes, walBytes, totalBytes }: DiskUsage): void {
    const parts = [sstableBytes, valueLogBytes, walBytes].filter((bytes) => bytes !== undefined)
    this.#set('db_sstable_bytes', sstableBytes)
    this.#set('db_value_log_bytes', valueLogBytes)
    this.#set('db_wal_bytes', walBytes)
    this.#set('db_total_disk_bytes', totalBytes ?? (parts.length === 0 ? undefined : parts.reduce((sum, bytes) => sum + bytes)))
  }

  #add(name: MetricName, amount: number): void {
    this.#registry.incrementCounter(name, amount, this.#labels)
  }

  #record(name: MetricName, value: number): void {
    this.#registry.recordHistogram(name, value, this.#labels)
  }

  #set(name: MetricName, value: number | undefined): void {
    if (value !== undefined) this.#registry.setGaugeWithLabels(name, value, this.#labels)
  }
}
