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
/** How many of each operation a second, about; as the demo does them. */
const perSecond: Readonly<Record<Operation, number>> = {
  get: 40,
  set: 30,
  delete: 10,
  batch: 8,
  scan: 3,
  clear: 0.2,
  has: 3,
  get_many: 4,
}

/** What one time in a thousand goes wrong anywhere: an instance that is well is not without any fault. */
const usualErrorShare = 0.001

/** A process with one store, without the process: its registry is a real one, what is recorded in it a seeded random walk. */
export class SimulatedInstance {
  readonly registry = new MetricsRegistry()
  readonly #member: Member
  readonly #random: () => number
  readonly #database: DatabaseMetrics
  readonly #storage: StorageMetrics
  readonly #walking: Array<{ readonly shape: SeriesShape; value: number }> = []
  readonly #checkDurations: Histogram[] = []
  #load = 1
  #stalledSeconds = 0

  constructor(member: Member, shapes: readonly SeriesShape[], random: () => number) {
    this.#member = member
    this.#random = random
    for (const shape of shapes) this.#bind(this.#ofOwnStore(shape))
    const { store } = member
    this.#database = new DatabaseMetrics(this.registry, { store, engine: 'leveldb', operations, errorTypes: ['LEVEL_IO_ERROR'] })
    this.#storage = new StorageMetrics(this.registry, { store })
  }

  get seriesCount(): number {
    return [...this.registry.families()].reduce((count, { series }) => count + series.size, 0)
  }

  /** Goes on by this much time. */
  live(seconds: number): void {
    this.#load = within(0.5, this.#load * (0.9 + 0.2 * this.#random()), 2)
    this.#operate(seconds)
    this.#work(seconds)
    this.#process(seconds)
    for (const walker of this.#walking) this.#walk(walker)
    this.#stalledSeconds += seconds
    this.#say()
  }

  #operate(seconds: number): void {
    const { fault } = this.#member
    const errorShare = fault === 'failing' ? 0.2 : usualErrorShare
    for (const operation of operations) {
      const count = this.#whole(perSecond[operation] * this.#load * seconds)
      for (let done = 0; done < count; done++) {
        // A slow one is slow now and then: its mean stays what it is, nearly, and its P99 does not.
        const slowness = fault === 'slow' && this.#random() < 0.03 ? 1000 : 1
        const durationNs = this.#around(0.3) * slowness * milliseconds
        this.#database.record(operation, durationNs, this.#random() >= errorShare, { entries: 20, errorType: 'LEVEL_IO_ERROR' })
      }
    }
  }

  #work(seconds: number): void {
    if (this.#random() < 0.3) this.#storage.recordFlush(2 ** 20, this.#around(12))
    if (this.#random() < 0.2) this.#storage.recordCompaction(0, 4, 2, 4 * 2 ** 20, 3.5 * 2 ** 20, this.#around(60))
    // Everybody is held back now and then, for a moment.
    if (this.#random() < 0.1) this.#storage.recordWriteStall('level0', this.#around(1))
    if (this.#member.fault === 'held back') this.#storage.recordWriteStall('level0', 400 * seconds)
  }

  #process(seconds: number): void {
    const { registry } = this
    registry.incrementCounter('wombat_process_event_loop_active_seconds_total', seconds * 0.1 * this.#load)
    for (let time = 0; time < 50 * seconds; time++) {
      const isLate = this.#member.fault === 'late' && this.#random() < 0.05
      registry.recordHistogram('wombat_process_event_loop_delay_seconds', this.#around(isLate ? 500 : 1) / 1000)
    }
    registry.recordHistogram('wombat_process_thread_pool_wait_seconds', this.#around(0.1) / 1000)
    for (const durations of this.#checkDurations) durations.record(this.#around(0.5) / 1000)
    registry.recordHistogram('wombat_monitor_collection_duration_seconds', this.#around(2) / 1000)
    registry.recordHistogram('wombat_monitor_alert_evaluation_duration_seconds', this.#around(1) / 1000)
  }

  /** What is not walked but is as the instance is. */
  #say(): void {
    const { store, fault } = this.#member
    const { registry } = this
    const set = (name: string, value: number, labels: Readonly<Record<string, string>> = { store }) =>
      registry.setGaugeWithLabels(name, value, labels)
    set('db_disk_capacity_bytes', 100e9)
    set('db_disk_available_bytes', (fault === 'disk full' ? 4e9 : 60e9) * (0.98 + 0.04 * this.#random()))
    set('wombat_process_memory_limit_bytes', 1e9, {})
    set('wombat_process_resident_memory_bytes', (fault === 'memory full' ? 0.95e9 : 0.4e9) * (0.98 + 0.04 * this.#random()), {})
    set('db_oldest_operation_age_seconds', fault === 'waiting' ? 60 : 0.002 * this.#random())
    // A stall's time is added to the total when it is over: until then only its age tells of it.
    set('db_write_stall_active_seconds', fault === 'stalled' ? this.#stalledSeconds : 0, { store, cause: 'memtable' })
    if (fault === 'alerting') set('db_alerts', 1, { store, alertname: 'LevelZeroPileUp', severity: 'warning', state: 'firing' })
    set('db_alerts', 1, { store, alertname: 'CompactionLag', severity: 'warning', state: 'pending' })
    const check = { store, check: 'database_connectivity' }
    set('db_health_status', fault === 'critical' ? 0 : 1, { ...check, status: 'healthy' })
    set('db_health_status', fault === 'critical' ? 1 : 0, { ...check, status: 'critical' })
  }

  #ofOwnStore(shape: SeriesShape): SeriesShape {
    const { store } = this.#member
    return shape.labels['store'] === undefined ? shape : { ...shape, labels: { ...shape.labels, store } }
  }

  #bind(shape: SeriesShape): void {
    const { name, kind, labels, value } = shape
    if (kind === 'counter') this.registry.counter(name, labels)
    else if (name === 'db_health_check_duration_seconds') this.#checkDurations.push(this.registry.histogram(name, labels))
    else if (kind !== 'gauge') this.registry.histogram(name, labels)
    else if (name === 'db_health_status') this.registry.setGaugeWithLabels(name, labels['status'] === 'healthy' ? 1 : 0, labels)
    else if (value !== undefined) this.#walking.push({ shape, value })
  }

  /** A gauge goes on from where it was; one that is a mark, or a count of few, stays. */
  #walk(walker: { readonly shape: SeriesShape; value: number }): void {
    const { name, labels } = walker.shape
    if (walker.value > 100) walker.value *= 0.99 + 0.02 * this.#random()
    this.registry.setGaugeWithLabels(name, walker.value, labels)
  }

  /** A random whole number whose mean is this. */
  #whole(mean: number): number {
    return Math.floor(mean) + (this.#random() < mean % 1 ? 1 : 0)
  }

  /** Distributed as latencies are, roughly: log-normal, around this median. */
  #around(median: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random())
    return median * Math.exp(0.7 * normal)
  }
}

function within(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value))
}
