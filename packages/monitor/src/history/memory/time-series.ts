import type { Labels } from '@wombat/instrumentation'
import { type History, lookbackMs, type Statistic } from '../history.ts'
import type { RangeSamples } from '../indicators.ts'
import type { HistorySeries, Sample } from '../series.ts'
import { Column, RingBuffer } from './ring-buffer.ts'
import { type IndexedSeries, SeriesIndex } from './series-index.ts'
import { Tier } from './tier.ts'

/** Options of `TimeSeries`. */
export interface TimeSeriesOptions {
  /** Time between two samples, in milliseconds (default 10,000). */
  readonly intervalMs?: number
  /** Memory limit for the values, in bytes (default 64 MiB). Above it, ended series are deleted and new series are rejected. */
  readonly maxBytes?: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** The memory in use is measured once per this many samples. */
const samplesPerMeasurement = 6

/**
 * The history in memory: every sample for an hour, one per minute for a day, one per 15 minutes for 31 days.
 *
 * @example
 * ```ts
 * import { TimeSeries } from '@wombat/monitor'
 *
 * const history = new TimeSeries({ intervalMs: 10_000 })
 * const series = { name: 'db_queue_depth', labels: { store: 'orders' }, isCounter: false }
 * history.append(10_000, [{ series, value: 3 }])
 * history.append(20_000, [{ series, value: 5 }])
 * if (history.at(series, 20_000) !== 5) throw new Error('expected the newest value')
 * ```
 */
export class TimeSeries implements History {
  /** Samples of new series that were rejected because the memory limit was reached. */
  rejectedSamples = 0
  readonly #maxBytes: number
  readonly #ring: RingBuffer
  readonly #tiers: readonly Tier[] = [new Tier(60_000, dayMs / 60_000), new Tier(hourMs / 4, (31 * dayMs) / (hourMs / 4))]
  readonly #indexes = new Map<string, SeriesIndex>()
  /** Finds a series that `select` returned without building its key. */
  readonly #indexedBySeries = new WeakMap<HistorySeries, IndexedSeries>()
  #bytes = 0

  /** @throws RangeError if `intervalMs` is less than 100. */
  constructor({ intervalMs = 10_000, maxBytes = 64 * 2 ** 20 }: TimeSeriesOptions = {}) {
    if (!(intervalMs >= 100))
      throw new RangeError(`intervalMs must be 100 or more, got ${intervalMs}: an hour of samples must fit in memory`)
    this.#maxBytes = maxBytes
    this.#ring = new RingBuffer(Math.ceil(hourMs / intervalMs) + 1)
  }

  /** Memory that the values use, in bytes, as last measured: at most six samples ago. */
  get bytes(): number {
    return this.#bytes
  }

  append(timeMs: number, samples: readonly Sample[]): void {
    if (this.#ring.nextSequence > 0 && timeMs <= this.#ring.timeMs(this.#ring.nextSequence - 1)) return
    const sequence = this.#ring.push(timeMs)
    for (const tier of this.#tiers) tier.startSample(timeMs)
    for (const { series, value } of samples) {
      const indexed = Number.isFinite(value) ? this.#findOrAdd(series) : undefined
      if (indexed !== undefined) this.#write(indexed, sequence, value)
    }
    for (const index of this.#indexes.values()) {
      for (const indexed of index.all()) if (indexed.lastSequence !== sequence) indexed.column.set(sequence, Number.NaN)
    }
    if (sequence % samplesPerMeasurement === 0) this.#enforceMemoryLimit(sequence)
  }

  select(name: string, matchers: Labels = {}): HistorySeries[] {
    return this.#indexes.get(name)?.select(matchers) ?? []
  }

  range(series: HistorySeries, fromMs: number, toMs: number, statistic: Statistic = 'last'): RangeSamples {
    const indexed = this.#find(series)
    if (indexed === undefined) return { timesMs: [], values: [] }
    const tier = this.#tierFor(fromMs)
    if (tier === undefined) return toStatistic(readRange(this.#ring, indexed.column, fromMs, toMs), statistic)
    const coarse = readRange(tier.ring, tier.column(indexed, statistic), fromMs, toMs)
    return this.#appendNewest(indexed, tier, coarse, fromMs, toMs, statistic)
  }

  at(series: HistorySeries, timeMs: number): number | undefined {
    const sequence = this.#ring.firstAfter(timeMs) - 1
    const indexed = this.#find(series)
    if (indexed === undefined || sequence < this.#ring.oldestSequence) return undefined
    if (this.#ring.timeMs(sequence) <= timeMs - lookbackMs) return undefined
    const value = indexed.column.at(sequence)
    return Number.isNaN(value) ? undefined : value
  }

  #write(indexed: IndexedSeries, sequence: number, value: number): void {
    if (indexed.series.isCounter && value < indexed.lastValue) indexed.resetOffset += indexed.lastValue
    indexed.lastValue = value
    indexed.lastSequence = sequence
    indexed.column.set(sequence, value)
    for (const tier of this.#tiers) tier.add(indexed, indexed.series.isCounter, value + indexed.resetOffset)
  }

  /** Returns undefined if every sample since `fromMs` is available, otherwise the finest tier that reaches back furthest. */
  #tierFor(fromMs: number): Tier | undefined {
    if (this.#ring.oldestMs <= fromMs || this.#ring.nextSequence < this.#ring.capacity) return undefined
    let best: Tier | undefined
    for (const tier of this.#tiers) {
      if (tier.ring.oldestMs >= (best?.ring.oldestMs ?? this.#ring.oldestMs)) continue
      best = tier
      if (tier.ring.oldestMs <= fromMs) break
    }
    return best
  }

  /** Appends the samples after the last flushed step to coarse samples, with counter resets compensated. */
  #appendNewest(
    { series, column }: IndexedSeries,
    tier: Tier,
    coarse: RangeSamples,
    fromMs: number,
    toMs: number,
    statistic: Statistic,
  ): RangeSamples {
    const timesMs = Array.from(coarse.timesMs)
    const values = Array.from(coarse.values)
    const lastMs = timesMs.at(-1)
    const newest = readRange(this.#ring, column, Math.max(fromMs, (lastMs ?? fromMs) - tier.stepMs), toMs)
    let previous: number | undefined
    let resetOffset = 0
    Array.from(newest.timesMs).forEach((timeMs, index) => {
      const value = newest.values[index] as number
      if (series.isCounter && previous !== undefined && value < previous) resetOffset += previous
      previous = value
      // The coarse sample of the same time includes all earlier resets: the difference is their sum.
      if (lastMs !== undefined && timeMs <= lastMs) resetOffset = series.isCounter ? (values.at(-1) as number) - value : 0
      else {
        timesMs.push(timeMs)
        values.push(statistic === 'count' ? 1 : value + resetOffset)
      }
    })
    return { timesMs, values }
  }

  #find(series: HistorySeries): IndexedSeries | undefined {
    return this.#indexedBySeries.get(series) ?? this.#indexes.get(series.name)?.get(series.labels)
  }

  #findOrAdd(series: HistorySeries): IndexedSeries | undefined {
    let index = this.#indexes.get(series.name)
    if (index === undefined) {
      index = new SeriesIndex()
      this.#indexes.set(series.name, index)
    }
    const existing = index.get(series.labels)
    if (existing !== undefined) return existing
    if (this.#bytes > this.#maxBytes) {
      this.rejectedSamples++
      return undefined
    }
    const indexed: IndexedSeries = {
      series,
      column: new Column(this.#ring.capacity),
      resetOffset: 0,
      lastValue: 0,
      lastSequence: -1,
    }
    index.add(indexed)
    this.#indexedBySeries.set(series, indexed)
    return indexed
  }

  /** Above the memory limit, deletes a quarter of the ended series: those that ended first. */
  #enforceMemoryLimit(sequence: number): void {
    this.#measure()
    if (this.#bytes <= this.#maxBytes) return
    const endedSeries = [...this.#indexes.values()].flatMap((index) =>
      [...index.all()].filter(({ lastSequence }) => lastSequence < sequence),
    )
    endedSeries.sort((one, other) => one.lastSequence - other.lastSequence)
    for (const indexed of endedSeries.slice(0, Math.max(1, Math.ceil(endedSeries.length / 4)))) {
      this.#indexes.get(indexed.series.name)?.delete(indexed)
      for (const tier of this.#tiers) tier.delete(indexed)
    }
    this.#measure()
  }

  #measure(): void {
    let bytes = this.#tiers.reduce((sum, tier) => sum + tier.bytes, this.#ring.capacity * 8)
    for (const index of this.#indexes.values()) for (const { column } of index.all()) bytes += column.bytes
    this.#bytes = bytes
  }
}

function readRange(ring: RingBuffer, column: Column | undefined, fromMs: number, toMs: number): RangeSamples {
  const timesMs: number[] = []
  const values: number[] = []
  if (column === undefined) return { timesMs, values }
  const end = ring.firstAfter(toMs)
  for (let sequence = ring.firstAfter(fromMs); sequence < end; sequence++) {
    const value = column.at(sequence)
    if (Number.isNaN(value)) continue
    timesMs.push(ring.timeMs(sequence))
    values.push(value)
  }
  return { timesMs, values }
}

/** A sample that is not downsampled is a step of its own: its value is its last, minimum, maximum and sum, and its count is 1. */
function toStatistic(samples: RangeSamples, statistic: Statistic): RangeSamples {
  return statistic === 'count' ? { timesMs: samples.timesMs, values: Array.from(samples.values, () => 1) } : samples
}
