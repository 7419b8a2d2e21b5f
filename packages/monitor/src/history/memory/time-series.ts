import type { Labels } from '@wombat/instrumentation'
import { type PausableWork, runAtOnce } from '../../time/time-slices.ts'
import { lookbackMs, type SearchableHistory } from '../history.ts'
import type { RangeSamples, WindowSummary } from '../indicators.ts'
import { type HistorySeries, type Sample, withoutEmptyLabels } from '../series.ts'
import { BlockPool, blockBytes, blockLength } from './block-pool.ts'
import { SeriesGroup } from './series-group.ts'
import { SeriesIndex } from './series-index.ts'
import { type Detail, type SharedTimes, StoredSeries } from './stored-series.ts'
import { Tier } from './tier.ts'
import { Timeline } from './timeline.ts'

/** Options of `TimeSeries`. */
export interface TimeSeriesOptions {
  /** Time between two samples, in milliseconds (default 10,000). */
  readonly intervalMs?: number
  /**
   * Memory limit in bytes (default 64 MiB). When it is reached, stores that have ended go first, the one that ended first before the
   * others. Then the store that uses most loses its oldest data: first what is older than a day, then the steps of a minute, then samples older than ten minutes, and at last series, those of buckets first.
   */
  readonly maxBytes?: number
}

/** What the memory limit leaves of a history. */
export interface HistoryLimits {
  readonly bytes: number
  readonly maxBytes: number
  readonly series: number
  /** Whether the limit shortened the history of a store, or left out series. */
  readonly isLimited: boolean
  /** The store with the shortest history, if it is limited. */
  readonly store: string | undefined
  /** How far back the history of that store reaches, in any resolution, in seconds. */
  readonly reachSeconds: number
  /** Samples of series for which there was no memory, since the start. */
  readonly droppedSamples: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const perStepMs = [60_000, hourMs / 4] as const

/** Memory of one series beside its values and lists, as measured: objects, labels and index entries. */
const seriesBytes = 1700

/** When the limit is reached, memory is released until this share is used: not again for each further value, and about two milliseconds. */
const freedShare = 0.99

/** Series that are removed at once if nothing else makes room. */
const seriesPerRemoval = 16

/** Ended series are deleted, and memory is measured, once per this many samples. */
const samplesPerSweep = 60

/**
 * The history in memory: every sample for an hour, steps of a minute for a day, steps of 15 minutes for 31 days; less if the memory
 * limit is reached. The functions over a window are exact as long as it contains whole steps.
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
export class TimeSeries implements SearchableHistory {
  /** Milliseconds between two samples. */
  readonly intervalMs: number
  readonly maxBytes: number
  readonly #shared: SharedTimes
  readonly #indexes = new Map<string, SeriesIndex>()
  readonly #groups = new Map<string, SeriesGroup<StoredSeries>>()
  /** Finds a series without building its key. */
  readonly #stored = new WeakMap<HistorySeries, StoredSeries>()
  /** Memory of the times that all series share. */
  readonly #timesBytes: number
  #seriesCount = 0
  #listBytes = 0
  #droppedSamples = 0
  /** The sample at which only the removal of series could make room, and the store that uses most then. */
  #exhaustedAt: number | undefined
  #largest: SeriesGroup<StoredSeries> | undefined
  #sampleInProgress: { readonly sequence: number; readonly timeMs: number; readonly detail: Detail } | undefined

  /** @throws RangeError if `intervalMs` is less than 100. */
  constructor({ intervalMs = 10_000, maxBytes = 64 * 2 ** 20 }: TimeSeriesOptions = {}) {
    if (!(intervalMs >= 100))
      throw new RangeError(`intervalMs must be 100 or more, got ${intervalMs}: an hour of samples must fit in memory`)
    this.intervalMs = intervalMs
    this.maxBytes = maxBytes
    this.#shared = {
      pool: new BlockPool(),
      samples: new Timeline(Math.ceil(hourMs / intervalMs) + 1),
      tiers: [new Tier(perStepMs[0], dayMs / perStepMs[0]), new Tier(perStepMs[1], (31 * dayMs) / perStepMs[1])],
    }
    const { samples, tiers } = this.#shared
    this.#timesBytes = samples.bytes + tiers.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Estimated memory of the history, in bytes. */
  get bytes(): number {
    return this.#shared.pool.bytes + this.#overheadBytes + this.#timesBytes
  }

  /** What the memory limit leaves of the history. */
  get limits(): HistoryLimits {
    const { bytes, maxBytes } = this
    const limited = [...this.#groups.values()].filter(({ horizons }) => horizons.some((horizon) => horizon > 0))
    const reaches = limited.map((group) => ({ store: group.store, reachSeconds: this.#reachSeconds(group) }))
    const shortest = reaches.sort((one, other) => one.reachSeconds - other.reachSeconds)[0]
    return {
      bytes,
      maxBytes,
      series: this.#seriesCount,
      isLimited: shortest !== undefined || this.#droppedSamples > 0,
      store: shortest?.store,
      reachSeconds: shortest?.reachSeconds ?? this.#reachSeconds(undefined),
      droppedSamples: this.#droppedSamples,
    }
  }

  append(timeMs: number, samples: Iterable<Sample>): void {
    if (!this.begin(timeMs)) return
    for (const { series, value } of samples) this.add(series, value)
    this.commit()
  }

  /**
   * Begins the samples of one point in time, which `add` and `commit` complete; until then they are not read. Returns false if they
   * have the time of the sample before.
   *
   * @param detail for samples that are restored: leaves out the resolutions that do not reach back to them.
   */
  begin(timeMs: number, detail: Detail = 0): boolean {
    const { samples, tiers } = this.#shared
    const { lastMs } = this
    if (timeMs === lastMs) return false
    // The clock was set back without a call of `shift`.
    if (lastMs !== undefined && timeMs < lastMs) this.shift(timeMs - this.intervalMs - lastMs)
    const sequence = samples.nextSequence
    this.#sampleInProgress = { sequence, timeMs, detail }
    for (const tier of tiers.slice(Math.max(0, detail - 1))) tier.startSample(timeMs, sequence)
    return true
  }

  /** Adds the value of one series to the sample that was begun. Returns false if there is no memory for the series. */
  add(series: HistorySeries, value: number): boolean {
    const sample = this.#sampleInProgress
    const stored = sample && this.#findOrAdd(series)
    if (sample === undefined || stored === undefined) return false
    if (stored.lastSequence === sample.sequence) return true
    stored.group.lastSequence = sample.sequence
    stored.group.blocks += stored.add(this.#shared, sample.sequence, sample.timeMs, value, sample.detail)
    if (sample.sequence % blockLength === 0) this.#release(stored)
    if (this.#usedBytes > this.maxBytes) this.#shrink()
    return true
  }

  /** Completes the sample that was begun. A series that was not added has ended. */
  commit(): void {
    runAtOnce(this.commitPausable())
  }

  /** @internal Does the same as `commit`. It may pause when the sample is complete, to release what is not needed any more. */
  *commitPausable(): PausableWork<void> {
    if (this.#sampleInProgress === undefined) return
    const { sequence, timeMs } = this.#sampleInProgress
    this.#sampleInProgress = undefined
    this.#shared.samples.push(timeMs)
    if (sequence % samplesPerSweep === 0) yield* this.#sweep()
  }

  /** @internal Time of the last sample that is complete; undefined before the first. */
  get lastMs(): number | undefined {
    const { samples } = this.#shared
    return samples.nextSequence === 0 ? undefined : samples.timeMs(samples.nextSequence - 1)
  }

  /**
   * Returns the resolutions that can reach back to a sample.
   *
   * @param ageMs age of the sample when the newest one is added, in milliseconds.
   * @param laterSamples number of samples after it.
   */
  detailFor(ageMs: number, laterSamples: number): Detail {
    if (ageMs <= hourMs || laterSamples <= this.#shared.samples.capacity) return 0
    const minutesPerDay = dayMs / perStepMs[0]
    return ageMs <= dayMs || laterSamples <= minutesPerDay * Math.ceil(perStepMs[0] / this.intervalMs) ? 1 : 2
  }

  select(name: string, matchers: Labels = {}): HistorySeries[] {
    return this.#indexes.get(name)?.select(matchers) ?? []
  }

  names(): string[] {
    return [...this.#indexes].flatMap(([name, { size }]) => (size > 0 ? [name] : []))
  }

  stores(): string[] {
    return [...this.#groups.keys()].filter((store) => store !== '').sort()
  }

  *currentSeries(store: string): Iterable<HistorySeries> {
    const newest = this.#shared.samples.nextSequence - 1
    for (const { series, lastSequence } of this.#groups.get(store)?.series ?? []) if (lastSequence >= newest) yield series
  }

  range(series: HistorySeries, fromMs: number, toMs: number): RangeSamples {
    return this.#find(series)?.range(this.#shared, fromMs, toMs) ?? { timesMs: [], values: [] }
  }

  window(series: HistorySeries, fromMs: number, toMs: number): WindowSummary | undefined {
    return this.#find(series)?.window(this.#shared, fromMs, toMs)
  }

  at(series: HistorySeries, timeMs: number): number | undefined {
    return this.#find(series)?.at(this.#shared, timeMs, lookbackMs)
  }

  countSamples(fromMs: number, toMs: number): number {
    const { samples, tiers } = this.#shared
    let count = 0
    let untilMs = toMs
    for (const timeline of [samples, ...tiers.map(({ starts }) => starts)]) {
      const { oldestSequence, nextSequence } = timeline
      if (oldestSequence === nextSequence) continue
      count += Math.max(0, timeline.firstAfter(untilMs) - timeline.firstAfter(fromMs))
      // Coarser steps stand for what is older.
      untilMs = Math.min(untilMs, timeline.timeMs(oldestSequence))
      if (untilMs <= fromMs) break
    }
    return Math.max(1, count)
  }

  /** Moves the times of all samples by milliseconds: the clock that they were dated with was set. */
  shift(deltaMs: number): void {
    const { samples, tiers } = this.#shared
    samples.shift(deltaMs)
    for (const tier of tiers) tier.shift(deltaMs)
    const sample = this.#sampleInProgress
    if (sample !== undefined) this.#sampleInProgress = { ...sample, timeMs: sample.timeMs + deltaMs }
    for (const { series } of this.#groups.values()) for (const stored of series) stored.shift(deltaMs)
  }

  get #overheadBytes(): number {
    return this.#seriesCount * seriesBytes + this.#listBytes
  }

  /** Memory in use: without blocks that are free for other series. */
  get #usedBytes(): number {
    return this.#shared.pool.used * blockBytes + this.#overheadBytes + this.#timesBytes
  }

  #find(series: HistorySeries): StoredSeries | undefined {
    const stored = this.#stored.get(series)
    if (stored?.isDeleted === false) return stored
    return this.#indexes.get(series.name)?.get(withoutEmptyLabels(series.labels))
  }

  #findOrAdd(series: HistorySeries): StoredSeries | undefined {
    const known = this.#stored.get(series)
    if (known?.isDeleted === false) return known
    const existing = this.#find(series)
    if (existing !== undefined) {
      this.#stored.set(series, existing)
      return existing
    }
    const group = this.#findOrAddGroup(series.labels['store'] ?? '')
    if (this.#usedBytes + seriesBytes > this.maxBytes && !this.#makeRoom(group, isBucket(series))) {
      this.#droppedSamples++
      return undefined
    }
    const labels = withoutEmptyLabels(series.labels)
    const own = labels === series.labels ? series : { ...series, labels }
    const stored = new StoredSeries(own, group, this.#shared.tiers)
    group.series.add(stored)
    let index = this.#indexes.get(series.name)
    if (index === undefined) {
      index = new SeriesIndex()
      this.#indexes.set(series.name, index)
    }
    index.add(stored)
    this.#stored.set(series, stored)
    this.#seriesCount++
    return stored
  }

  #findOrAddGroup(store: string): SeriesGroup<StoredSeries> {
    let group = this.#groups.get(store)
    if (group === undefined) {
      group = new SeriesGroup<StoredSeries>(store, this.#shared.tiers.length)
      this.#groups.set(store, group)
    }
    return group
  }

  /**
   * Makes room for a new series of a store: by data that can be missed, else by series of the store that uses most. If that would take
   * from another store what this one has already, by buckets of the store itself, which can be missed more than a first error. Returns false
   * if there is nothing of this.
   */
  #makeRoom(group: SeriesGroup<StoredSeries>, isForBucket: boolean): boolean {
    const { nextSequence } = this.#shared.samples
    if (this.#exhaustedAt !== nextSequence) {
      this.#releaseData()
      if (this.#usedBytes + seriesBytes <= this.maxBytes) return true
      this.#exhaustedAt = nextSequence
      this.#largest = this.#largestGroups()[0]
    }
    const largest = this.#largest
    if (largest !== undefined && groupBytes(group) <= groupBytes(largest) / 2) {
      this.#removeSeries(largest, seriesPerRemoval)
      this.#largest = this.#largestGroups()[0]
      return true
    }
    if (isForBucket || ![...group.series].some(({ series }) => isBucket(series))) return false
    this.#removeSeries(group, seriesPerRemoval)
    return true
  }

  /** Makes room for values of known series. */
  #shrink(): void {
    this.#releaseData()
    while (this.#usedBytes > this.maxBytes) {
      const [largest] = this.#largestGroups()
      if (largest === undefined) return
      this.#removeSeries(largest, seriesPerRemoval)
    }
  }

  /**
   * Releases the oldest data of the stores that use most, until a share of the memory is free: of each store that uses at least half
   * of what the largest does, in turn.
   */
  #releaseData(): void {
    const targetBytes = this.maxBytes * freedShare
    if (this.#removeEnded(targetBytes)) return
    for (let isReleased = true; isReleased; ) {
      isReleased = false
      for (const group of this.#largestGroups()) {
        if (this.#usedBytes <= targetBytes) return
        if (this.#releaseOldest(group)) isReleased = true
      }
    }
  }

  /** Removes the series of stores that have ended, the one that ended first before the others. Returns whether that is enough. */
  #removeEnded(targetBytes: number): boolean {
    const newest = this.#shared.samples.nextSequence - 1
    const ended = [...this.#groups.values()].filter(({ store, lastSequence }) => store !== '' && lastSequence < newest)
    ended.sort((one, other) => one.lastSequence - other.lastSequence)
    for (const group of ended) {
      if (this.#usedBytes <= targetBytes) return true
      for (const stored of group.series) this.#delete(stored)
    }
    return this.#usedBytes <= targetBytes
  }

  /** Returns the stores that use at least half of what the largest does, largest first. */
  #largestGroups(): SeriesGroup<StoredSeries>[] {
    const groups = [...this.#groups.values()].sort((one, other) => groupBytes(other) - groupBytes(one))
    const [largest] = groups
    return largest === undefined ? [] : groups.filter((group) => groupBytes(group) >= groupBytes(largest) / 2)
  }

  /** Releases one block of each series of a store: of the data that can be missed most. Returns false if none can. */
  #releaseOldest(group: SeriesGroup<StoredSeries>): boolean {
    const { samples, tiers } = this.#shared
    const [minutes, quarters] = tiers as [Tier, Tier]
    const stages = [
      { index: 2, timeline: quarters.starts, keep: dayMs / quarters.stepMs },
      { index: 1, timeline: minutes.starts, keep: (2 * hourMs) / minutes.stepMs },
      { index: 2, timeline: quarters.starts, keep: 0 },
      { index: 0, timeline: samples, keep: hourMs / this.intervalMs / 2 },
      { index: 1, timeline: minutes.starts, keep: 0 },
      { index: 0, timeline: samples, keep: 2 * blockLength },
    ]
    for (const { index, timeline, keep } of stages) {
      const oldest = Math.max(timeline.oldestSequence, group.horizons[index] as number)
      const next = (Math.floor(oldest / blockLength) + 1) * blockLength
      if (next > timeline.nextSequence - keep) continue
      group.horizons[index] = next
      for (const stored of group.series) this.#release(stored)
      return true
    }
    return false
  }

  /** Removes series of a store: those that have ended first, then those of buckets, then others, newest first. */
  #removeSeries(group: SeriesGroup<StoredSeries>, count: number): void {
    const current = this.#shared.samples.nextSequence - 1
    const rank = ({ lastSequence, series }: StoredSeries): number => {
      if (lastSequence < current) return 0
      return isBucket(series) ? 1 : 2
    }
    const newestFirst = [...group.series].reverse().sort((one, other) => rank(one) - rank(other))
    for (const stored of newestFirst.slice(0, count)) this.#delete(stored)
  }

  #release(stored: StoredSeries): void {
    stored.group.blocks -= stored.release(this.#shared)
    this.#setListBytes(stored, stored.listBytes)
  }

  #setListBytes(stored: StoredSeries, bytes: number): void {
    const added = bytes - stored.countedListBytes
    stored.countedListBytes = bytes
    stored.group.listBytes += added
    this.#listBytes += added
  }

  #delete(stored: StoredSeries): void {
    const { group, series } = stored
    group.blocks -= stored.releaseAll(this.#shared)
    this.#setListBytes(stored, 0)
    group.series.delete(stored)
    stored.isDeleted = true
    if (group.series.size === 0) this.#groups.delete(group.store)
    this.#indexes.get(series.name)?.delete(stored)
    this.#stored.delete(series)
    this.#seriesCount--
  }

  /** Deletes the series of which nothing is kept any more, and measures the memory of the others. */
  *#sweep(): PausableWork<void> {
    for (const group of this.#groups.values()) {
      for (const stored of group.series) {
        yield
        if (stored.lastSequence !== this.#shared.samples.nextSequence - 1) this.#release(stored)
        if (stored.hasEnded(this.#shared)) this.#delete(stored)
        else this.#setListBytes(stored, stored.listBytes)
      }
    }
    if (this.#usedBytes > this.maxBytes) this.#shrink()
  }

  /** Returns how far back the history of a store reaches; that of a store without limits if undefined. */
  #reachSeconds(group: SeriesGroup<StoredSeries> | undefined): number {
    const { samples, tiers } = this.#shared
    const timelines = [samples, ...tiers.map(({ starts }) => starts)]
    if (samples.nextSequence === 0) return 0
    const oldestMs = timelines.map((timeline, index) => {
      const oldest = Math.max(timeline.oldestSequence, group?.horizons[index] ?? 0)
      return oldest < timeline.nextSequence ? timeline.timeMs(oldest) : Number.POSITIVE_INFINITY
    })
    return (samples.timeMs(samples.nextSequence - 1) - Math.min(...oldestMs)) / 1000
  }
}

/** Whether a series is a bucket of a histogram. */
function isBucket({ labels }: HistorySeries): boolean {
  return labels['le'] !== undefined
}

function groupBytes(group: SeriesGroup<StoredSeries>): number {
  return group.blocks * blockBytes + group.listBytes + group.series.size * seriesBytes
}
