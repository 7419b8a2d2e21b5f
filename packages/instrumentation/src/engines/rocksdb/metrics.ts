import type { Counter } from '../../metrics/counter.ts'
import type { Labels } from '../../metrics/labels.ts'
import type { MetricName } from '../../metrics/semconv.ts'
import { StorageMetrics } from '../../recorders/storage-metrics.ts'
import type { MetricsRegistry } from '../../registry/registry.ts'
import { Cumulative } from '../cumulative.ts'
import { lsmCounters, lsmHistograms } from '../lsm-metrics.ts'
import { type StateGauge, StateGauges } from '../state-gauges.ts'
import { type VolumeState, volumeGauges } from '../volume-gauges.ts'
import type { Compaction, Flush, RocksDBEvents } from './event-log.ts'
import type { RocksDBProperties } from './properties.ts'
import { type StallCause, stallCauses } from './stalls.ts'
import { filterFalsePositives, type RocksDBStatistics } from './statistics.ts'

/** What is so now; what is unknown is left out. */
export interface RocksDBState extends Partial<RocksDBProperties>, VolumeState {
  readonly walBytes?: number | undefined
  readonly diskBytes?: number | undefined
  readonly stallSeconds?: Readonly<Record<StallCause, number>> | undefined
}

type Gauge = StateGauge<RocksDBState>

const gauges: readonly Gauge[] = [
  { name: 'db_memtable_bytes', value: (state) => state.memtableBytes },
  { name: 'db_cache_bytes', value: (state) => state.cacheBytes },
  { name: 'db_buffer_bytes', value: (state) => state.tableReaderBytes },
  { name: 'db_total_memory_bytes', value: (state) => sumOf(state.memtableBytes, state.cacheBytes, state.tableReaderBytes) },
  { name: 'db_immutable_memtables', value: (state) => state.immutableMemtables },
  { name: 'db_sstable_bytes', value: (state) => state.tableBytes },
  { name: 'db_value_log_bytes', value: (state) => state.blobBytes },
  { name: 'db_wal_bytes', value: (state) => state.walBytes },
  { name: 'db_total_disk_bytes', value: (state) => state.diskBytes },
  ...volumeGauges,
  { name: 'db_compaction_pending_bytes', value: (state) => state.pendingCompactionBytes },
  { name: 'db_compactions_running', value: (state) => state.runningCompactions },
  { name: 'db_open_snapshots', value: (state) => state.snapshots },
  ...stallCauses.map(
    (cause): Gauge => ({
      name: 'db_write_stall_active_seconds',
      labels: { cause },
      value: (state) => state.stallSeconds?.[cause],
      combine: 'max',
    }),
  ),
]

function gaugesOfLevel(level: number): readonly Gauge[] {
  const labels = { level: `${level}` }
  return [
    { name: 'db_level_files', labels, value: (state) => state.tables?.levels[level]?.files },
    { name: 'db_level_bytes', labels, value: (state) => state.tables?.levels[level]?.bytes },
  ]
}

/** From the engine's log: each thing that happens is told there, once. */
const counters = [...lsmCounters, 'db_compaction_cpu_seconds_total'] as const satisfies readonly MetricName[]

/** Where the store was opened with `enableStatistics`. */
const statistics: ReadonlyArray<[name: MetricName, value: (counted: RocksDBStatistics) => number | undefined]> = [
  ['db_cache_hits_total', (counted) => counted.cacheHits],
  ['db_cache_misses_total', (counted) => counted.cacheMisses],
  ['db_bloom_filter_useful_total', (counted) => counted.filterUseful],
  ['db_bloom_filter_false_positives_total', filterFalsePositives],
  // The engine does not keep the causes apart, so there is no label `cause`.
  ['db_write_stall_seconds_total', (counted) => counted.stallSeconds],
]

/** What RocksDB supplies only where its statistics are on. */
export const rocksdbStatisticsMetricNames: readonly MetricName[] = statistics.map(([name]) => name)

/**
 * Everything that RocksDB supplies. Its threads answer operations and do their input and output as threads of Node's pool
 * and so cannot be told apart; and garbage in blob files is left behind by compactions, which are counted as such.
 */
export const rocksdbMetricNames: readonly MetricName[] = [
  ...new Set([
    ...[...gauges, ...gaugesOfLevel(0)].map(({ name }) => name),
    ...counters,
    ...lsmHistograms,
    'db_write_stalls_total' as const,
    'db_background_errors_total' as const,
    'db_background_cpu_seconds_total' as const,
    ...rocksdbStatisticsMetricNames,
  ]),
]

/** The numbers of one RocksDB. Counters from its log are there, at 0, from the start; all else when it is known. */
export class RocksDBMetrics implements RocksDBEvents {
  readonly #registry: MetricsRegistry
  readonly #store: string
  readonly #storage: StorageMetrics
  readonly #compactionCpu: Counter
  readonly #sinceMs = Date.now()
  /** What the engine had counted when we began; undefined where we do not know. */
  readonly #from: number | undefined
  readonly #carried = new Map<string, Cumulative>()
  readonly #gauges: StateGauges<RocksDBState>
  #levels = 0

  /**
   * @param isNew whether the engine counts from now on; otherwise its first answers are what we count from.
   * @param isOpen whether the gauges mean anything now: they are looked at when it suits others.
   */
  constructor(registry: MetricsRegistry, store: string, { isNew, isOpen }: { isNew: boolean; isOpen: () => boolean }) {
    this.#registry = registry
    this.#store = store
    this.#from = isNew ? 0 : undefined
    this.#storage = new StorageMetrics(registry, { store })
    for (const name of counters) registry.counter(name, { store })
    for (const name of lsmHistograms) registry.histogram(name, { store })
    this.#compactionCpu = registry.counter('db_compaction_cpu_seconds_total', { store })
    this.#gauges = new StateGauges(gauges, registry, store, isOpen)
  }

  /** What the gauges show from now on; undefined where nothing is known. */
  publish(state: RocksDBState | undefined): void {
    this.#gauges.publish(state)
    const levels = state?.tables?.levels.length ?? 0
    for (; this.#levels < levels; this.#levels++) this.#gauges.add(gaugesOfLevel(this.#levels))
  }

  /** Lets the gauges disappear; the counters stay. */
  release(): void {
    this.#gauges.release()
  }

  onFlush({ endMs, bytes, durationSeconds }: Flush): void {
    if (endMs >= this.#sinceMs) this.#storage.recordFlush(bytes, durationSeconds * 1000)
  }

  onCompaction(done: Compaction): void {
    // A log that was there before us, as under a store that is opened for reading only, tells of others' work.
    if (done.endMs < this.#sinceMs) return
    const { outputLevel, inputFiles, outputFiles, inputBytes, outputBytes, durationSeconds, cpuSeconds } = done
    this.#storage.recordCompaction(outputLevel, inputFiles, outputFiles, inputBytes, outputBytes, durationSeconds * 1000)
    this.#compactionCpu.add(cpuSeconds)
  }

  /** What the engine has counted since it was opened. */
  addStatistics({ stallCounts, backgroundErrors }: RocksDBProperties, ticked: RocksDBStatistics | undefined): void {
    this.#carry('db_background_errors_total', backgroundErrors)
    for (const cause of stallCauses) this.#carry('db_write_stalls_total', stallCounts?.[cause], { cause })
    if (ticked !== undefined) for (const [name, value] of statistics) this.#carry(name, value(ticked))
  }

  /** CPU time that the engine's threads have spent since the last time. */
  addCpu(cpuSeconds: number): void {
    this.#registry.incrementCounter('db_background_cpu_seconds_total', cpuSeconds, { store: this.#store })
  }

  #carry(name: MetricName, value: number | undefined, labels: Labels = {}): void {
    if (value === undefined) return
    const key = [name, ...Object.values(labels)].join(' ')
    let carried = this.#carried.get(key)
    if (carried === undefined) {
      carried = new Cumulative(this.#registry.counter(name, { store: this.#store, ...labels }), this.#from)
      this.#carried.set(key, carried)
    }
    carried.update(value)
  }
}

function sumOf(...parts: ReadonlyArray<number | undefined>): number | undefined {
  const known = parts.filter((part) => part !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, part) => sum + part)
}
