import {
  DatabaseMetrics,
  type Histogram,
  MetricsRegistry,
  type Operation,
  operations,
  StorageMetrics,
} from '@wombat/instrumentation'
import type { SeriesShape } from './demo-shape.ts'
import type { Member } from './fault.ts'

const milliseconds = 1e6
/** Mean operations per second, as in the demo. */
const meanRates: Readonly<Record<Operation, number>> = {
  get: 40,
  set: 30,
  delete: 10,
  batch: 8,
  scan: 3,
  clear: 0.2,
  has: 3,
  get_many: 4,
}

/** Error ratio of an instance without a fault. */
const usualErrorShare = 0.001

/** Simulates a process with one store: a real registry with the values of a seeded random walk. */
export class SimulatedInstance {
  readonly registry = new MetricsRegistry()
  readonly #member: Member
  readonly #random: () => number
  readonly #database: DatabaseMetrics
  readonly #storage: StorageMetrics
  readonly #gauges: Array<{ readonly shape: SeriesShape; value: number }> = []
  readonly #checkDurations: Histogram[] = []
  #load = 1
  #stalledSeconds = 0

  constructor(member: Member, shapes: readonly SeriesShape[], random: () => number) {
    this.#member = member
    this.#random = random
    for (const shape of shapes) this.#bind(this.#withStore(shape))
    const { store } = member
    this.#database = new DatabaseMetrics(this.registry, { store, engine: 'leveldb', operations, errorTypes: ['LEVEL_IO_ERROR'] })
    this.#storage = new StorageMetrics(this.registry, { store })
  }

  /** Number of series. */
  get seriesCount(): number {
    return [...this.registry.families()].reduce((count, { series }) => count + series.size, 0)
  }

  /** Advances the simulation. */
  advance(seconds: number): void {
    this.#load = clamp(0.5, this.#load * (0.9 + 0.2 * this.#random()), 2)
    this.#recordOperations(seconds)
    this.#recordEngineWork(seconds)
    this.#recordProcess(seconds)
    for (const walker of this.#gauges) this.#walk(walker)
    this.#stalledSeconds += seconds
    this.#setGauges()
  }

  #recordOperations(seconds: number): void {
    const { fault } = this.#member
    const errorShare = fault === 'failing' ? 0.2 : usualErrorShare
    for (const operation of operations) {
      const count = this.#randomCount(meanRates[operation] * this.#load * seconds)
      for (let done = 0; done < count; done++) {
        // Slow operations are rare: they change the P99 and hardly the mean.
        const slowdown = fault === 'slow' && this.#random() < 0.03 ? 1000 : 1
        const durationNs = this.#randomAround(0.3) * slowdown * milliseconds
        this.#database.record(operation, durationNs, this.#random() >= errorShare, { entries: 20, errorType: 'LEVEL_IO_ERROR' })
      }
    }
  }

  #recordEngineWork(seconds: number): void {
    if (this.#random() < 0.3) this.#storage.recordFlush(2 ** 20, this.#randomAround(12))
    if (this.#random() < 0.2) this.#storage.recordCompaction(0, 4, 2, 4 * 2 ** 20, 3.5 * 2 ** 20, this.#randomAround(60))
    // Every instance has a short write stall now and then.
    if (this.#random() < 0.1) this.#storage.recordWriteStall('level0', this.#randomAround(1))
    if (this.#member.fault === 'write stalls') this.#storage.recordWriteStall('level0', 400 * seconds)
  }

  #recordProcess(seconds: number): void {
    const { registry } = this
    registry.incrementCounter('wombat_process_event_loop_active_seconds_total', seconds * 0.1 * this.#load)
    for (let time = 0; time < 50 * seconds; time++) {
      const isDelayed = this.#member.fault === 'event loop delay' && this.#random() < 0.05
      registry.recordHistogram('wombat_process_event_loop_delay_seconds', this.#randomAround(isDelayed ? 500 : 1) / 1000)
    }
    registry.recordHistogram('wombat_process_thread_pool_wait_seconds', this.#randomAround(0.1) / 1000)
    for (const durations of this.#checkDurations) durations.record(this.#randomAround(0.5) / 1000)
    registry.recordHistogram('wombat_monitor_collection_duration_seconds', this.#randomAround(2) / 1000)
    registry.recordHistogram('wombat_monitor_alert_evaluation_duration_seconds', this.#randomAround(1) / 1000)
  }

  /** Sets the gauges that depend on the fault. */
  #setGauges(): void {
    const { store, fault } = this.#member
    const { registry } = this
    const set = (name: string, value: number, labels: Readonly<Record<string, string>> = { store }) =>
      registry.setGaugeWithLabels(name, value, labels)
    set('db_disk_capacity_bytes', 100e9)
    set('db_disk_available_bytes', (fault === 'disk full' ? 4e9 : 60e9) * (0.98 + 0.04 * this.#random()))
    set('wombat_process_memory_limit_bytes', 1e9, {})
    set('wombat_process_resident_memory_bytes', (fault === 'memory full' ? 0.95e9 : 0.4e9) * (0.98 + 0.04 * this.#random()), {})
    set('db_oldest_operation_age_seconds', fault === 'stuck operation' ? 60 : 0.002 * this.#random())
    // A stall is counted when it ends; until then, only this gauge shows it.
    set('db_write_stall_active_seconds', fault === 'current stall' ? this.#stalledSeconds : 0, { store, cause: 'memtable' })
    if (fault === 'alerting') set('db_alerts', 1, { store, alertname: 'LevelZeroPileUp', severity: 'warning', state: 'firing' })
    set('db_alerts', 1, { store, alertname: 'CompactionLag', severity: 'warning', state: 'pending' })
    const check = { store, check: 'database_connectivity' }
    set('db_health_status', fault === 'critical' ? 0 : 1, { ...check, status: 'healthy' })
    set('db_health_status', fault === 'critical' ? 1 : 0, { ...check, status: 'critical' })
  }

  #withStore(shape: SeriesShape): SeriesShape {
    const { store } = this.#member
    return shape.labels['store'] === undefined ? shape : { ...shape, labels: { ...shape.labels, store } }
  }

  #bind(shape: SeriesShape): void {
    const { name, kind, labels, value } = shape
    if (kind === 'counter') this.registry.counter(name, labels)
    else if (name === 'db_health_check_duration_seconds') this.#checkDurations.push(this.registry.histogram(name, labels))
    else if (kind !== 'gauge') this.registry.histogram(name, labels)
    else if (name === 'db_health_status') this.registry.setGaugeWithLabels(name, labels['status'] === 'healthy' ? 1 : 0, labels)
    else if (value !== undefined) this.#gauges.push({ shape, value })
  }

  /** Changes a gauge by up to 1 %; flags and small counts stay. */
  #walk(walker: { readonly shape: SeriesShape; value: number }): void {
    const { name, labels } = walker.shape
    if (walker.value > 100) walker.value *= 0.99 + 0.02 * this.#random()
    this.registry.setGaugeWithLabels(name, walker.value, labels)
  }

  /** Returns a random whole number with this mean. */
  #randomCount(mean: number): number {
    return Math.floor(mean) + (this.#random() < mean % 1 ? 1 : 0)
  }

  /** Returns a log-normal random number with this median, as latencies are distributed. */
  #randomAround(median: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random())
    return median * Math.exp(0.7 * normal)
  }
}

function clamp(minimum: number, value: number, maximum: number): number {
  return Math.min(maximum, Math.max(minimum, value))
}
