import type { Counter } from '../../metrics/counter.ts'
import type { Histogram } from '../../metrics/histogram.ts'
import type { Labels } from '../../metrics/labels.ts'
import type { MetricName } from '../../metrics/semconv.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { type VolumeState, volumeGauges } from '../files/volume.ts'
import { lsmCounters, lsmHistograms } from '../lsm-metrics.ts'
import { type StateGauge, StateGauges } from '../state-gauges.ts'
import { LevelDBEventSource } from './event-source.ts'
import type { Compaction, Flush, LevelDBEvents } from './log.ts'
import { type StallCause, stallCauses } from './log-line.ts'
import { type Level, pendingCompactionBytes } from './properties.ts'

/** LevelDB's state now. What is unknown is left out. */
export interface LevelDBState extends VolumeState {
  readonly levels?: readonly Level[] | undefined
  readonly memoryBytes?: number | undefined
  readonly walBytes?: number | undefined
  readonly diskBytes?: number | undefined
  readonly compactionsRunning?: number | undefined
  readonly stallSeconds?: Readonly<Record<StallCause, number>> | undefined
}

type Gauge = StateGauge<LevelDBState>

/** The number of levels is fixed when LevelDB is built. */
const levels = [0, 1, 2, 3, 4, 5, 6]

const gauges: readonly Gauge[] = [
  ...levels.flatMap((level): Gauge[] => [
    { name: 'db_level_files', labels: { level: `${level}` }, value: (state) => state.levels?.[level]?.files },
    { name: 'db_level_bytes', labels: { level: `${level}` }, value: (state) => state.levels?.[level]?.bytes },
  ]),
  { name: 'db_sstable_bytes', value: (state) => state.levels?.reduce((sum, { bytes }) => sum + bytes, 0) },
  { name: 'db_total_memory_bytes', value: (state) => state.memoryBytes },
  { name: 'db_wal_bytes', value: (state) => state.walBytes },
  { name: 'db_total_disk_bytes', value: (state) => state.diskBytes },
  ...volumeGauges,
  { name: 'db_compaction_pending_bytes', value: (state) => state.levels && pendingCompactionBytes(state.levels) },
  { name: 'db_compactions_running', value: (state) => state.compactionsRunning },
  ...stallCauses.map(
    (cause): Gauge => ({
      name: 'db_write_stall_active_seconds',
      labels: { cause },
      value: (state) => state.stallSeconds?.[cause],
    }),
  ),
]

const counters = [...lsmCounters, 'db_background_errors_total'] as const satisfies readonly MetricName[]

const stallCounters = ['db_write_stalls_total', 'db_write_stall_seconds_total'] as const satisfies readonly MetricName[]

/**
 * The metrics that LevelDB supplies. It has no value log; it reports memtables and cache as one number; its background
 * thread has the same name as those of Node's pool, so its CPU time is unknown; and only compactions reclaim space: their
 * input minus their output is the reclaimed size.
 */
export const leveldbMetricNames: readonly MetricName[] = [
  ...new Set([...gauges.map(({ name }) => name), ...counters, ...lsmHistograms, ...stallCounters]),
]

/** Records the metrics of one LevelDB. Its counters exist from the start, at 0; its gauges once they are known. */
export class LevelDBMetrics implements LevelDBEvents {
  readonly state: StateGauges<LevelDBState>
  readonly #counters: Readonly<Record<(typeof counters)[number], Counter>>
  readonly #histograms: Readonly<Record<(typeof lsmHistograms)[number], Histogram>>
  readonly #stalls: Readonly<Record<StallCause, Readonly<Record<(typeof stallCounters)[number], Counter>>>>
  readonly #events: LevelDBEventSource

  constructor(context: StoreContext) {
    const { registry, name: store } = context
    const counter = (name: MetricName, labels?: Labels) => registry.counter(name, { store, ...labels })
    this.#counters = forEachName(counters, (name) => counter(name))
    this.#histograms = forEachName(lsmHistograms, (name) => registry.histogram(name, { store }))
    this.#stalls = forEachName(stallCauses, (cause) => forEachName(stallCounters, (name) => counter(name, { cause })))
    this.state = new StateGauges(gauges, context)
    this.#events = new LevelDBEventSource(context)
  }

  onFlush(flush: Flush): void {
    const { bytes, seconds } = flush
    this.#counters.db_flush_operations_total.add(1)
    this.#counters.db_flush_bytes_total.add(bytes)
    if (seconds !== undefined) this.#histograms.db_flush_duration_seconds.record(seconds)
    this.#events.onFlush(flush)
  }

  onCompaction(compaction: Compaction): void {
    const { inputFiles, outputFiles, outputBytes, seconds } = compaction
    this.#counters.db_compaction_operations_total.add(1)
    this.#counters.db_compaction_input_files_total.add(inputFiles)
    if (outputFiles !== undefined) this.#counters.db_compaction_output_files_total.add(outputFiles)
    this.#counters.db_compaction_output_bytes_total.add(outputBytes)
    if (seconds !== undefined) this.#histograms.db_compaction_duration_seconds.record(seconds)
    this.#events.onCompaction(compaction)
  }

  onInputBytes(bytes: number): void {
    this.#counters.db_compaction_input_bytes_total.add(bytes)
  }

  onCompactionInput(inputBytes: number, outputBytes: number): void {
    this.#histograms.db_compaction_write_amplification.record(outputBytes / inputBytes)
    this.#events.onCompactionInput(inputBytes)
  }

  onStallBegin(cause: StallCause, localMs: number): void {
    this.#stalls[cause].db_write_stalls_total.add(1)
    this.#events.onStallBegin(cause, localMs)
  }

  onStallEnd(cause: StallCause, seconds: number): void {
    this.#stalls[cause].db_write_stall_seconds_total.add(seconds)
    this.#events.onStallEnd(cause, seconds)
  }

  /** The stall is not counted: it is unknown how long it lasted. */
  onStallAbandoned(cause: StallCause, seconds: number): void {
    this.#events.onStallEnd(cause, seconds)
  }

  /** The log was read to where it ends now. */
  onRead(): void {
    this.#events.onRead()
  }

  onBackgroundError(): void {
    this.#counters.db_background_errors_total.add(1)
  }
}

function forEachName<Name extends string, Value>(names: readonly Name[], make: (name: Name) => Value): Record<Name, Value> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Value>
}
