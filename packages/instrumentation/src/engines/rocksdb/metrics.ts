import type { Counter } from '../../metrics/counter.ts'
import type { Labels } from '../../metrics/labels.ts'
import type { MetricName } from '../../metrics/semconv.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { StorageMetrics } from '../../recorders/storage-metrics.ts'
import { EngineCount } from '../engine-count.ts'
import { type VolumeState, volumeGauges } from '../files/volume.ts'
import { lsmCounters, lsmHistograms } from '../lsm-metrics.ts'
import { type StateGauge, StateGauges } from '../state-gauges.ts'
import { sumKnown } from '../sum-known.ts'
import type { Compaction, Flush, RocksDBEvents } from './event-log.ts'
import { RocksDBEventSource } from './event-source.ts'
import type { RocksDBProperties } from './properties.ts'
import type { StallEvents } from './stall-log.ts'
import { type StallCause, stallCauses } from './stalls.ts'
import { filterFalsePositives, type RocksDBStatistics } from './statistics.ts'

/** RocksDB's state now. What is unknown is left out. */
export interface RocksDBState extends Partial<RocksDBProperties>, VolumeState {
  readonly walBytes?: number | undefined
  readonly diskBytes?: number | undefined
  readonly stallSeconds?: Readonly<Record<StallCause, number>> | undefined
  readonly oldestSnapshotAgeSeconds?: number | undefined
}

type Gauge = StateGauge<RocksDBState>

const gauges: readonly Gauge[] = [
  { name: 'db_memtable_bytes', value: (state) => state.memtableBytes },
  { name: 'db_cache_bytes', value: (state) => state.cacheBytes },
  { name: 'db_buffer_bytes', value: (state) => state.tableReaderBytes },
  { name: 'db_total_memory_bytes', value: (state) => sumKnown(state.memtableBytes, state.cacheBytes, state.tableReaderBytes) },
  { name: 'db_immutable_memtables', value: (state) => state.immutableMemtables },
  { name: 'db_sstable_bytes', value: (state) => state.tableBytes },
  { name: 'db_value_log_bytes', value: (state) => state.blobBytes },
  { name: 'db_wal_bytes', value: (state) => state.walBytes },
  { name: 'db_total_disk_bytes', value: (state) => state.diskBytes },
  ...volumeGauges,
  { name: 'db_compaction_pending_bytes', value: (state) => state.pendingCompactionBytes },
  { name: 'db_compactions_running', value: (state) => state.runningCompactions },
  { name: 'db_entries', value: (state) => state.entries },
  { name: 'db_live_data_bytes', value: (state) => state.liveDataBytes },
  { name: 'db_live_versions', value: (state) => state.liveVersions },
  { name: 'db_open_snapshots', value: (state) => state.snapshots },
  { name: 'db_oldest_snapshot_age_seconds', value: (state) => state.oldestSnapshotAgeSeconds },
  ...stallCauses.map(
    (cause): Gauge => ({
      name: 'db_write_stall_active_seconds',
      labels: { cause },
      value: (state) => state.stallSeconds?.[cause],
    }),
  ),
]

function levelGauges(level: number): readonly Gauge[] {
  const labels = { level: `${level}` }
  return [
    { name: 'db_level_files', labels, value: (state) => state.tables?.levels[level]?.files },
    { name: 'db_level_bytes', labels, value: (state) => state.tables?.levels[level]?.bytes },
  ]
}

/** Counters from the engine's log, which reports each event once. */
const counters = [...lsmCounters, 'db_compaction_cpu_seconds_total'] as const satisfies readonly MetricName[]

/** Counters of the engine's statistics, which exist only if the store was opened with `enableStatistics`. */
const statisticsCounters: ReadonlyArray<[name: MetricName, value: (statistics: RocksDBStatistics) => number | undefined]> = [
  ['db_cache_hits_total', (statistics) => statistics.cacheHits],
  ['db_cache_misses_total', (statistics) => statistics.cacheMisses],
  ['db_bloom_filter_useful_total', (statistics) => statistics.filterUseful],
  ['db_bloom_filter_false_positives_total', filterFalsePositives],
  ['db_memtable_hits_total', (statistics) => statistics.memtableHits],
  ['db_memtable_misses_total', (statistics) => statistics.memtableMisses],
  ['db_reseeks_total', (statistics) => statistics.reseeks],
  ['db_read_bytes_total', (statistics) => statistics.readBytes],
  ['db_written_bytes_total', (statistics) => statistics.writtenBytes],
  // No label `cause`: the engine does not count the causes separately.
  ['db_write_stall_seconds_total', (statistics) => statistics.stallSeconds],
]

/** The metrics that RocksDB supplies only if its statistics are enabled. */
const rocksdbStatisticsMetricNames: readonly MetricName[] = statisticsCounters.map(([name]) => name)

/**
 * The metrics that RocksDB supplies. Operations run on threads of Node's pool, so their CPU time is unknown. Compactions
 * remove garbage from blob files, so there are no separate space reclaim metrics.
 */
export const rocksdbMetricNames: readonly MetricName[] = [
  ...new Set([
    ...[...gauges, ...levelGauges(0)].map(({ name }) => name),
    ...counters,
    ...lsmHistograms,
    'db_write_stalls_total' as const,
    'db_background_errors_total' as const,
    'db_background_cpu_seconds_total' as const,
    ...rocksdbStatisticsMetricNames,
  ]),
]

/** Records the metrics of one RocksDB. Counters from its log exist from the start, at 0; the others once they are known. */
export class RocksDBMetrics implements RocksDBEvents, StallEvents {
  readonly #context: StoreContext
  readonly #storage: StorageMetrics
  readonly #compactionCpu: Counter
  readonly #events: RocksDBEventSource
  /** Only events after this Unix time count; those of the log that a store opened for reading only finds are older. */
  #sinceMs = Date.now()
  /** What the engine had counted when measuring began; undefined if unknown. */
  readonly #initial: number | undefined
  readonly #counts = new Map<string, EngineCount>()
  readonly #gauges: StateGauges<RocksDBState>
  #levelCount = 0

  /** @param isNew whether the engine counts from 0 now; otherwise the first values are the starting points. */
  constructor(context: StoreContext, { isNew }: { readonly isNew: boolean }) {
    const { registry, name: store } = context
    this.#context = context
    this.#initial = isNew ? 0 : undefined
    this.#storage = new StorageMetrics(registry, { store })
    for (const name of counters) registry.counter(name, { store })
    for (const name of lsmHistograms) registry.histogram(name, { store })
    this.#compactionCpu = registry.counter('db_compaction_cpu_seconds_total', { store })
    this.#gauges = new StateGauges(gauges, context)
    this.#events = new RocksDBEventSource(context)
  }

  /** Sets the state that the gauges export; undefined if it is unknown. */
  publish(state: RocksDBState | undefined): void {
    this.#gauges.publish(state)
    const levels = state?.tables?.levels.length ?? 0
    for (; this.#levelCount < levels; this.#levelCount++) this.#gauges.add(levelGauges(this.#levelCount))
  }

  /** From now on every event in the log is new, whatever time the engine wrote: the system clock may be set. */
  endInitialRead(): void {
    this.#sinceMs = Number.NEGATIVE_INFINITY
  }

  onFlush(flush: Flush): void {
    const { endMs, bytes, durationSeconds } = flush
    if (endMs < this.#sinceMs) return
    this.#storage.recordFlush(bytes, durationSeconds * 1000)
    this.#events.onFlush(flush)
  }

  onCompaction(compaction: Compaction): void {
    // A store opened for reading only has a log of an earlier process.
    if (compaction.endMs < this.#sinceMs) return
    const { outputLevel, inputFiles, outputFiles, inputBytes, outputBytes, durationSeconds, cpuSeconds } = compaction
    this.#storage.recordCompaction(outputLevel, inputFiles, outputFiles, inputBytes, outputBytes, durationSeconds * 1000)
    this.#compactionCpu.add(cpuSeconds)
    this.#events.onCompaction(compaction)
  }

  onStallBegin(cause: StallCause, startMs: number): void {
    if (startMs >= this.#sinceMs) this.#events.onStallBegin(cause, startMs)
  }

  onStallEnd(endMs: number): void {
    this.#events.onStallEnd(endMs)
  }

  /** Adds what the engine has counted since it was opened. */
  addStatistics({ stallCounts, backgroundErrors }: RocksDBProperties, statistics: RocksDBStatistics | undefined): void {
    this.#update('db_background_errors_total', backgroundErrors)
    for (const cause of stallCauses) this.#update('db_write_stalls_total', stallCounts?.[cause], { cause })
    if (statistics !== undefined) for (const [name, value] of statisticsCounters) this.#update(name, value(statistics))
  }

  /** Adds the CPU time of the engine's threads since the last call. */
  addCpu(cpuSeconds: number): void {
    const { registry, name } = this.#context
    registry.incrementCounter('db_background_cpu_seconds_total', cpuSeconds, { store: name })
  }

  #update(name: MetricName, value: number | undefined, labels: Labels = {}): void {
    if (value === undefined) return
    const key = [name, ...Object.values(labels)].join(' ')
    let count = this.#counts.get(key)
    if (count === undefined) {
      const { registry, name: store } = this.#context
      count = new EngineCount(registry.counter(name, { store, ...labels }), this.#initial)
      this.#counts.set(key, count)
    }
    count.update(value)
  }
}
