import { validateLabel } from '../metrics/labels.ts'
import { isDefined, type Numeric, sumKnown, toNumber } from '../metrics/numeric.ts'
import type { MetricName } from '../metrics/semconv.ts'
import type { MetricsRegistry } from '../registry/registry.ts'

/** The parts of a store's disk usage; what the store has none of is left out. */
export interface DiskUsage {
  readonly sstableBytes?: Numeric
  readonly valueLogBytes?: Numeric
  readonly walBytes?: Numeric
  /** Default: the sum of the parts that are given. */
  readonly totalBytes?: Numeric
}

/** Levels, compactions, flushes and disk of a store of your own, in Wombat's verbs; every number may be a BigInt. No method throws. */
export class StorageMetrics {
  readonly #registry: MetricsRegistry
  readonly #labels: { readonly store: string }

  /** @throws TypeError when `store` cannot be a label. */
  constructor(registry: MetricsRegistry, { store }: { readonly store: string }) {
    const fault = validateLabel('store', store)
    if (fault !== undefined) throw new TypeError(fault)
    this.#registry = registry
    this.#labels = Object.freeze({ store })
  }

  updateLevelStats(level: Numeric, fileCount: Numeric, totalSizeBytes: Numeric): void {
    const labels = { ...this.#labels, level: String(toNumber(level)) }
    this.#registry.setGaugeWithLabels('db_level_files', toNumber(fileCount), labels)
    this.#registry.setGaugeWithLabels('db_level_bytes', toNumber(totalSizeBytes), labels)
  }

  /**
   * One compaction of `level` is over. The level says where it read; the metrics do not keep it apart. A compaction that
   * read nothing has no write amplification.
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

  recordSpaceReclaim(reclaimedBytes: Numeric, durationMs: Numeric): void {
    this.#add('db_space_reclaim_operations_total', 1)
    this.#add('db_space_reclaim_bytes_total', reclaimedBytes)
    this.#record('db_space_reclaim_duration_seconds', toNumber(durationMs) / 1000)
  }

  recordFlush(flushedBytes: Numeric, durationMs: Numeric): void {
    this.#add('db_flush_operations_total', 1)
    this.#add('db_flush_bytes_total', flushedBytes)
    this.#record('db_flush_duration_seconds', toNumber(durationMs) / 1000)
  }

  /** Writers were held back for `durationMs`; the cause is a word from a closed set of yours. */
  recordWriteStall(cause: string, durationMs: Numeric): void {
    const labels = { ...this.#labels, cause }
    this.#registry.incrementCounter('db_write_stalls_total', 1, labels)
    this.#registry.incrementCounter('db_write_stall_seconds_total', toNumber(durationMs) / 1000, labels)
  }

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
