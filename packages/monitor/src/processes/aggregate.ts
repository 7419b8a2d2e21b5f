import {
  type Counter,
  type GaugeAggregation,
  type Histogram,
  type Labels,
  type MetricDefinition,
  type MetricKind,
  MetricsRegistry,
  type RegistryOptions,
} from '@wombat/instrumentation'
import { createLabeledRegistry, describeValue, storeOf } from '@wombat/instrumentation/internal'
import { AggregateGauge } from './aggregate-gauge.ts'
import type { Replica } from './replica.ts'
import {
  entryKey,
  type FrameHead,
  type HistogramChange,
  SeriesTable,
  type TableEntry,
  type TableEvents,
  type TableRow,
} from './series-table.ts'
import { tableFrames } from './table-frames.ts'
import { checkKeyOf, WorstStatus } from './worst-status.ts'

/** Where a series of a process is added up. */
export type Target = Counter | Histogram | GaugeTarget

interface GaugeTarget {
  readonly gauge: AggregateGauge
  /** Set if the gauge is one of those of a health check. */
  readonly worst: WorstStatus | undefined
}

type Entry = TableEntry<Target>

/** A process or thread whose series are added up. */
interface Worker {
  readonly table: SeriesTable<Target>
  /** The value of the label `worker`. */
  readonly slot: string
  /** The process, which the threads of one have in common; undefined if it is not known. */
  readonly process: string | undefined
  /** The database of each store, by its name. */
  databases: Readonly<Record<string, string>>
}

export interface AggregateOptions {
  readonly registryOptions: RegistryOptions
  /** Whether each series has the label `worker`. */
  readonly hasWorkerLabel: boolean
}

/** What stores that were forgotten change in the series of processes that ended. */
export interface EndedChange {
  /** Stores that no process has any more. */
  readonly forgotten: readonly string[]
  /** The series that grew. */
  readonly grown: ReadonlyArray<TableRow<Target>>
}

/** The worker under which the series of processes that ended are kept. */
export const endedWorker = 'ended'

/**
 * Adds up the registries of several processes or threads in one registry. Counters and histograms only grow: those of a process that ended
 * stay in the sum. Gauges are combined as the catalog declares, and those of a process that ended are gone.
 */
export class Aggregate {
  readonly registry: MetricsRegistry
  readonly #hasWorkerLabel: boolean
  readonly #workers = new Map<string, Worker>()
  readonly #gauges = new Map<string, GaugeTarget>()
  readonly #worst = new Map<string, WorstStatus>()
  readonly #changed = new Set<AggregateGauge | WorstStatus>()
  /** The numbers of the series of processes that ended, by metric and labels. */
  readonly #endedIds = new Map<string, number>()
  readonly #freeEndedIds: number[] = []
  #nextEndedId = 0
  /** What has changed in the series of ended processes since it was taken. */
  readonly #grown: Array<TableRow<Target>> = []
  readonly #endedForgotten: string[] = []
  readonly #declared = new Map<string, MetricDefinition>()

  constructor({ registryOptions, hasWorkerLabel }: AggregateOptions) {
    this.registry = hasWorkerLabel ? createLabeledRegistry(registryOptions, 'worker') : new MetricsRegistry(registryOptions)
    this.#hasWorkerLabel = hasWorkerLabel
  }

  /**
   * Adds a process, unless it is known.
   *
   * @param slot the value of the label `worker`.
   * @param process the process of a thread; undefined for a process.
   */
  add(worker: string, slot: string, process?: string): void {
    if (this.#workers.has(worker)) return
    this.#workers.set(worker, { table: new SeriesTable(this.#events(worker, slot)), slot, process, databases: {} })
  }

  has(worker: string): boolean {
    return this.#workers.has(worker)
  }

  slotOf(worker: string): string | undefined {
    return this.#workers.get(worker)?.slot
  }

  get workers(): readonly string[] {
    return [...this.#workers.keys()]
  }

  /** Reads a frame of a process. Returns what stores that were forgotten change in the series of ended processes. */
  read(worker: string, head: FrameHead, numbers: Float64Array): EndedChange {
    this.#workers.get(worker)?.table.read(head, numbers)
    return this.#takeEndedChange()
  }

  /** Continues with the series that the process that collected before has left. */
  adopt(replica: Replica): void {
    for (const definition of replica.declaredMetrics) this.#declare(definition)
    for (const worker of replica.workers) {
      this.add(worker, replica.slotOf(worker) ?? '')
      // Gauges are of now: each process sends its own again.
      const rows = [...replica.rowsOf(worker)].filter(([, { kind }]) => kind !== 'gauge')
      for (const { numbers, ...head } of tableFrames(rows)) this.read(worker, head, numbers)
      this.endRestart(worker)
    }
    for (const [id, { metric, labels }] of this.rowsOf(endedWorker)) {
      this.#endedIds.set(entryKey(metric, labels), id)
      this.#nextEndedId = Math.max(this.#nextEndedId, id + 1)
    }
  }

  /** Ends the first complete frames of a process after it has connected. */
  endRestart(worker: string): EndedChange {
    this.#workers.get(worker)?.table.endRestart()
    return this.#takeEndedChange()
  }

  setDatabases(worker: string, databases: Readonly<Record<string, string>>): void {
    const known = this.#workers.get(worker)
    if (known !== undefined) known.databases = databases
  }

  /** Withdraws the gauges of a process that does not answer: they are too old. */
  withdrawGauges(worker: string): void {
    for (const [, entry] of this.rowsOf(worker)) if (isGauge(entry)) this.#setGauge(worker, entry, undefined)
  }

  /** Removes a process that has ended. Returns the series of ended processes that grew by it. */
  end(worker: string): ReadonlyArray<TableRow<Target>> {
    const known = this.#workers.get(worker)
    if (known === undefined) return []
    const grown: Array<TableRow<Target>> = []
    for (const entry of known.table.entries()) {
      if (isGauge(entry)) this.#setGauge(worker, entry, undefined)
      else grown.push(this.#keep(entry, this.#labels(entry.labels, known.slot)))
    }
    this.#workers.delete(worker)
    return grown
  }

  /** Publishes the gauges that changed. */
  publishGauges(): void {
    for (const one of this.#changed) {
      if (one instanceof WorstStatus) one.publish()
      else one.publish((worker, aggregation, store) => this.#findSource(worker, aggregation, store))
    }
    this.#changed.clear()
  }

  /** Returns the series of a process with their last values, and their numbers in its frames. */
  rowsOf(worker: string): Iterable<TableRow<Target>> {
    return this.#workers.get(worker)?.table.rows() ?? []
  }

  /** The metrics that are not in the catalog. */
  get declaredMetrics(): readonly MetricDefinition[] {
    return [...this.#declared.values()]
  }

  #findSource(worker: string, aggregation: GaugeAggregation, store: string | undefined): string | undefined {
    const known = this.#workers.get(worker)
    if (aggregation === 'sum_by_process') return known?.process
    return store === undefined ? undefined : known?.databases[store]
  }

  #events(worker: string, slot: string): TableEvents<Target> {
    return {
      onMetric: (definition) => this.#declare(definition),
      onSeries: (metric, labels, kind) => this.#findTarget(metric, this.#labels(labels, slot), kind),
      onCounter: ({ target }, increment) => {
        if (target !== undefined && 'add' in target) target.add(increment)
      },
      onGauge: (entry, value) => this.#setGauge(worker, entry, value),
      onHistogram: ({ target }, change) => {
        if (target !== undefined && 'merge' in target) addChange(target, change)
      },
      onExemplar: ({ target }, exemplar) => {
        if (target !== undefined && 'setExemplar' in target) target.setExemplar(exemplar)
      },
      onForget: (stores, entries) => this.#forget(worker, slot, stores, entries),
    }
  }

  #labels(labels: Labels, slot: string): Labels {
    // A label of the application with this name says more.
    return this.#hasWorkerLabel && slot !== '' && labels['worker'] === undefined ? { ...labels, worker: slot } : labels
  }

  /** A metric that another process has declared differently keeps the definition that was first. */
  #declare(definition: MetricDefinition): void {
    try {
      this.registry.declare(definition)
      this.#declared.set(definition.name, definition)
    } catch (error) {
      this.#reject(definition.name, error)
    }
  }

  #findTarget(metric: string, labels: Labels, kind: MetricKind): Target | undefined {
    try {
      if (kind === 'counter') return this.registry.counter(metric, labels)
      if (kind !== 'gauge') return this.registry.histogram(metric, labels)
      return this.#findGauge(metric, labels)
    } catch (error) {
      this.#reject(metric, error)
      return undefined
    }
  }

  #findGauge(metric: string, labels: Labels): GaugeTarget {
    const key = entryKey(metric, labels)
    const known = this.#gauges.get(key)
    if (known !== undefined) return known
    const { aggregation = 'sum' } = this.registry.definition(metric) ?? {}
    const gauge = new AggregateGauge(this.registry.gauge(metric, labels), aggregation, labels['store'])
    const target = { gauge, worst: aggregation === 'worst' ? this.#findWorst(metric, labels, gauge) : undefined }
    this.#gauges.set(key, target)
    return target
  }

  #findWorst(metric: string, labels: Labels, gauge: AggregateGauge): WorstStatus {
    const key = checkKeyOf(metric, labels)
    const worst = this.#worst.get(key) ?? new WorstStatus()
    this.#worst.set(key, worst)
    worst.add(labels['status'] ?? '', gauge)
    return worst
  }

  #setGauge(worker: string, { target }: Entry, value: number | undefined): void {
    if (target === undefined || !('gauge' in target)) return
    target.gauge.set(worker, value)
    this.#changed.add(target.worst ?? target.gauge)
  }

  /**
   * A process has forgotten stores. Those that no other process has are forgotten here, too; what it counted of the others stays in the sum.
   */
  #forget(worker: string, slot: string, stores: ReadonlySet<string>, entries: readonly Entry[]): void {
    if (worker === endedWorker) return
    const used = new Set<string>()
    for (const [other, { table }] of this.#workers) {
      if (other === worker || other === endedWorker) continue
      for (const { labels } of table.entries()) {
        const store = storeOf(labels)
        if (store !== undefined && stores.has(store)) used.add(store)
      }
    }
    for (const entry of entries) {
      if (isGauge(entry)) this.#setGauge(worker, entry, undefined)
      else if (used.has(storeOf(entry.labels) ?? '')) this.#grown.push(this.#keep(entry, this.#labels(entry.labels, slot)))
    }
    const unused = [...stores].filter((store) => !used.has(store))
    if (unused.length === 0) return
    const isUnused = ({ labels }: { readonly labels: Labels }): boolean => {
      const store = storeOf(labels)
      return store !== undefined && stores.has(store) && !used.has(store)
    }
    for (const [id, entry] of this.rowsOf(endedWorker)) {
      if (!isUnused(entry)) continue
      this.#endedIds.delete(entryKey(entry.metric, entry.labels))
      this.#freeEndedIds.push(id)
    }
    const ended = this.#workers.get(endedWorker)
    ended?.table.read({ series: [], metrics: [], forgotten: unused }, new Float64Array(0))
    for (const [key, target] of this.#gauges) {
      if (!isUnused({ labels: { store: target.gauge.store ?? '' } })) continue
      this.#gauges.delete(key)
      this.#changed.delete(target.gauge)
      if (target.worst === undefined) continue
      this.#changed.delete(target.worst)
      for (const [checkKey, worst] of this.#worst) if (worst === target.worst) this.#worst.delete(checkKey)
    }
    for (const store of unused) this.registry.withdraw(store)
    this.#endedForgotten.push(...unused)
  }

  #takeEndedChange(): EndedChange {
    return { forgotten: this.#endedForgotten.splice(0), grown: this.#grown.splice(0) }
  }

  /** Adds the values of a process that ended to those of the ended ones: the sum over all does not change. */
  #keep(entry: Entry, labels: Labels): TableRow<Target> {
    const key = entryKey(entry.metric, labels)
    this.add(endedWorker, '')
    const ended = this.#workers.get(endedWorker) as Worker
    const id = this.#endedIds.get(key) ?? this.#freeEndedIds.pop() ?? this.#nextEndedId++
    if (!this.#endedIds.has(key)) {
      this.#endedIds.set(key, id)
      ended.table.read({ series: [[id, entry.metric, labels, entry.kind]], metrics: [] }, new Float64Array(0))
    }
    const kept = ended.table.entry(id) as Entry
    kept.value += entry.value
    if (kept.distribution !== undefined && entry.distribution !== undefined) {
      const { counts } = kept.distribution
      for (const [bin, count] of entry.distribution.counts) counts.add(bin, count)
      kept.distribution.min = Math.min(kept.distribution.min, entry.distribution.min)
      kept.distribution.max = Math.max(kept.distribution.max, entry.distribution.max)
    }
    return [id, kept]
  }

  #reject(metric: string, error: unknown): void {
    const reason = error instanceof Error ? error.message : describeValue(error)
    this.registry.reject(metric, 'undeclared', `another process: ${reason}`)
  }
}

function isGauge({ kind }: Entry): boolean {
  return kind === 'gauge'
}

function addChange(histogram: Histogram, { bins, increments, sum, min, max }: HistogramChange): void {
  histogram.merge(bins, increments, sum, min, max)
}
