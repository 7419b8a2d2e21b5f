import type { Exemplar, Labels, MetricDefinition, MetricKind } from '@wombat/instrumentation'
import { seriesKey, storeOf } from '@wombat/instrumentation/internal'
import { SparseCounts } from './sparse-counts.ts'

/** One series of a process: its number, its metric, its labels. */
export type SeriesRow = readonly [id: number, metric: string, labels: Labels, kind: MetricKind]

/** An exemplar of a histogram, by the number of its series. */
export type ExemplarRow = readonly [id: number, exemplar: Exemplar]

/** What comes before the numbers of a frame. */
export interface FrameHead {
  /** The series that appear for the first time. */
  readonly series: readonly SeriesRow[]
  /** The metrics among them that are not in the catalog. */
  readonly metrics: readonly MetricDefinition[]
  /** Whether the numbers of series start again: known ones keep their values. */
  readonly isRestart?: boolean
  /** The stores that were forgotten: their series are gone, and their numbers are free. */
  readonly forgotten?: readonly string[]
  /** The exemplars that are new. */
  readonly exemplars?: readonly ExemplarRow[]
}

/** The last values of one series of a process. */
export interface TableEntry<Target> {
  readonly metric: string
  readonly labels: Labels
  readonly kind: MetricKind
  readonly target: Target | undefined
  /** The value of a counter or a gauge, the sum of a histogram; NaN if it is unknown. */
  value: number
  /** Of a histogram only. */
  readonly distribution?: { readonly counts: SparseCounts; min: number; max: number }
}

/** A series of a process with its number. */
export type TableRow<Target> = readonly [id: number, entry: TableEntry<Target>]

/** What happens to the series of a process. */
export interface TableEvents<Target> {
  /** Returns where the series is added up; undefined if it cannot be. */
  onSeries(metric: string, labels: Labels, kind: MetricKind): Target | undefined
  onMetric(definition: MetricDefinition): void
  onCounter(entry: TableEntry<Target>, increment: number): void
  onGauge(entry: TableEntry<Target>, value: number | undefined): void
  onHistogram(entry: TableEntry<Target>, change: HistogramChange): void
  onExemplar(entry: TableEntry<Target>, exemplar: Exemplar): void
  /** Called when the series of stores are gone, with all of them. */
  onForget(stores: ReadonlySet<string>, entries: ReadonlyArray<TableEntry<Target>>): void
}

/** What a histogram has recorded since the last frame. */
export interface HistogramChange {
  readonly bins: readonly number[]
  readonly increments: readonly number[]
  readonly sum: number
  readonly min: number
  readonly max: number
}

/**
 * The series of one process as they were in its last frame. Frames have absolute values, so that one that arrives twice, or after a
 * change of the process that collects, changes nothing.
 */
export class SeriesTable<Target> {
  readonly #events: TableEvents<Target>
  #entries: Array<TableEntry<Target> | undefined> = []
  /** The entries by metric and labels, while the numbers of series start again. */
  #known: Map<string, TableEntry<Target>> | undefined

  constructor(events: TableEvents<Target>) {
    this.#events = events
  }

  entries(): ReadonlyArray<TableEntry<Target>> {
    return this.#entries.filter((entry) => entry !== undefined)
  }

  /** Returns the series with their numbers. */
  *rows(): Generator<TableRow<Target>> {
    for (const [id, entry] of this.#entries.entries()) if (entry !== undefined) yield [id, entry]
  }

  entry(id: number): TableEntry<Target> | undefined {
    return this.#entries[id]
  }

  /** Reads a frame. @throws Error if it has a series that was not defined. */
  read({ series, metrics, isRestart, forgotten = [], exemplars = [] }: FrameHead, numbers: Float64Array): void {
    if (isRestart === true) this.#restart()
    if (forgotten.length > 0) this.#forget(new Set(forgotten))
    for (const definition of metrics) this.#events.onMetric(definition)
    for (const row of series) this.#define(row)
    for (let at = 0; at < numbers.length; ) {
      const entry = this.#entries[numbers[at] as number]
      // Without its kind, the rest of the frame cannot be read.
      if (entry === undefined) throw new Error('a frame has a series that was not defined')
      at =
        entry.distribution === undefined ? this.#readNumber(entry, numbers, at + 1) : this.#readHistogram(entry, numbers, at + 1)
    }
    for (const [id, exemplar] of exemplars) {
      const entry = this.#entries[id]
      if (entry !== undefined) this.#events.onExemplar(entry, exemplar)
    }
  }

  /** Forgets which series were known before the numbers started again, once all are defined. */
  endRestart(): void {
    const known = this.#known
    this.#known = undefined
    if (known === undefined) return
    const current = new Set<TableEntry<Target> | undefined>(this.#entries)
    const gone = [...known.values()].filter((entry) => !current.has(entry))
    const stores = new Set(this.entries().flatMap(({ labels }) => storeOf(labels) ?? []))
    const ended = gone.filter(({ labels }) => !stores.has(storeOf(labels) ?? ''))
    const endedStores = new Set(ended.flatMap(({ labels }) => storeOf(labels) ?? []))
    if (endedStores.size > 0) this.#events.onForget(endedStores, ended)
  }

  #forget(stores: ReadonlySet<string>): void {
    const isGone = ({ labels }: TableEntry<Target>): boolean => stores.has(storeOf(labels) ?? '')
    const gone = new Set<TableEntry<Target>>()
    this.#entries.forEach((entry, id) => {
      if (entry === undefined || !isGone(entry)) return
      gone.add(entry)
      this.#entries[id] = undefined
    })
    for (const [key, entry] of this.#known ?? []) {
      if (!isGone(entry)) continue
      gone.add(entry)
      this.#known?.delete(key)
    }
    this.#events.onForget(stores, [...gone])
  }

  #restart(): void {
    this.#known = new Map(this.entries().map((entry) => [entryKey(entry.metric, entry.labels), entry]))
    this.#entries = []
  }

  #define([id, metric, labels, kind]: SeriesRow): void {
    const known = this.#entries[id] ?? this.#known?.get(entryKey(metric, labels))
    if (known !== undefined) {
      this.#entries[id] = known
      return
    }
    const isDistribution = kind === 'histogram' || kind === 'summary'
    this.#entries[id] = {
      metric,
      labels,
      kind,
      target: this.#events.onSeries(metric, labels, kind),
      value: kind === 'gauge' ? Number.NaN : 0,
      ...(isDistribution && {
        distribution: { counts: new SparseCounts(), min: Number.POSITIVE_INFINITY, max: Number.NEGATIVE_INFINITY },
      }),
    }
  }

  #readNumber(entry: TableEntry<Target>, numbers: Float64Array, at: number): number {
    const value = numbers[at] as number
    const increment = value - entry.value
    entry.value = value
    if (entry.kind === 'gauge') this.#events.onGauge(entry, Number.isNaN(value) ? undefined : value)
    else if (increment !== 0) this.#events.onCounter(entry, increment)
    return at + 1
  }

  /** Sum, smallest and largest value, and the number of bins that changed, then each with its count. */
  #readHistogram(entry: TableEntry<Target>, numbers: Float64Array, start: number): number {
    const { distribution } = entry
    if (distribution === undefined) return start
    const [value = 0, min = 0, max = 0, length = 0] = numbers.subarray(start, start + 4)
    const sum = value - entry.value
    entry.value = value
    distribution.min = min
    distribution.max = max
    const bins: number[] = []
    const increments: number[] = []
    const end = start + 4 + 2 * length
    for (let at = start + 4; at < end; at += 2) {
      const bin = numbers[at] as number
      bins.push(bin)
      increments.push(distribution.counts.replace(bin, numbers[at + 1] as number))
    }
    this.#events.onHistogram(entry, { bins, increments, sum, min, max })
    return end
  }
}

/** Returns one text for a metric and its labels. */
export function entryKey(metric: string, labels: Labels): string {
  return `${metric} ${seriesKey(labels)}`
}
