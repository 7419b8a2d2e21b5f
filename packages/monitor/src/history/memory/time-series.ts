import type { Labels } from '@wombat/instrumentation'
import { type History, lookbackMs, type Statistic } from '../history.ts'
import type { Samples } from '../indicators.ts'
import type { HistorySeries, Sample } from '../series.ts'
import { Column, RingBuffer } from './ring-buffer.ts'
import { type IndexedSeries, SeriesIndex } from './series-index.ts'
import { Tier } from './tier.ts'

export interface TimeSeriesOptions {
  /** How often samples come (default 10,000). */
  readonly intervalMs?: number
  /** How much memory the numbers may take (default 64 MiB). Past it, series that ended are forgotten, then new ones refused. */
  readonly maxBytes?: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** The history in memory: every sample for an hour, one a minute for a day, one a quarter of an hour for a month. */
export class TimeSeries implements History {
  /** How often a series was refused for want of memory. */
  refused = 0
  readonly #maxBytes: number
  readonly #ring: RingBuffer
  readonly #tiers: readonly Tier[] = [new Tier(60_000, dayMs / 60_000), new Tier(hourMs / 4, (31 * dayMs) / (hourMs / 4))]
  readonly #names = new Map<string, SeriesIndex>()
  /** The way from what `select` gave back to its track, without building an identity. */
  readonly #selected = new WeakMap<HistorySeries, IndexedSeries>()
  #bytes = 0

  constructor({ intervalMs = 10_000, maxBytes = 64 * 2 ** 20 }: TimeSeriesOptions = {}) {
    if (!(intervalMs >= 100))
      throw new RangeError(`intervalMs must be 100 or more, got ${intervalMs}: an hour of samples must fit in memory`)
    this.#maxBytes = maxBytes
    this.#ring = new RingBuffer(Math.ceil(hourMs / intervalMs) + 1)
  }

  /** Memory that the numbers take, as of the last minute. */
  get bytes(): number {
    return this.#bytes
  }

  append(timeMs: number, samples: readonly Sample[]): void {
    if (this.#ring.next > 0 && timeMs <= this.#ring.timeMs(this.#ring.next - 1)) return
    const tick = this.#ring.push(timeMs)
    for (const tier of this.#tiers) tier.begin(timeMs)
    for (const { series, value } of samples) {
      const track = Number.isFinite(value) ? this.#track(series) : undefined
      if (track !== undefined) this.#write(track, tick, value)
    }
    for (const tracks of this.#names.values()) {
      for (const track of tracks.all()) if (track.lastTick !== tick) track.column.set(tick, Number.NaN)
    }
    if (tick % 6 === 0) this.#keepWithinMemory(tick)
  }

  select(name: string, matchers: Labels = {}): HistorySeries[] {
    return this.#names.get(name)?.select(matchers) ?? []
  }

  range(series: HistorySeries, fromMs: number, toMs: number, statistic: Statistic = 'last'): Samples {
    const track = this.#find(series)
    if (track === undefined) return { timesMs: [], values: [] }
    const tier = this.#tierFor(fromMs)
    if (tier === undefined) return asSteps(read(this.#ring, track.column, fromMs, toMs), statistic)
    return this.#withNewest(track, tier, read(tier.ring, tier.column(track, statistic), fromMs, toMs), fromMs, toMs, statistic)
  }

  at(series: HistorySeries, timeMs: number): number | undefined {
    const tick = this.#ring.firstAfter(timeMs) - 1
    const track = this.#find(series)
    if (track === undefined || tick < this.#ring.oldest || this.#ring.timeMs(tick) <= timeMs - lookbackMs) return undefined
    const value = track.column.at(tick)
    return Number.isNaN(value) ? undefined : value
  }

  #write(track: IndexedSeries, tick: number, value: number): void {
    if (track.series.isCounter && value < track.lastValue) track.restarted += track.lastValue
    track.lastValue = value
    track.lastTick = tick
    track.column.set(tick, value)
    for (const tier of this.#tiers) tier.add(track, track.series.isCounter, value + track.restarted)
  }

  /** Undefined where every sample since `fromMs` is there, else the finest tier of those that reach back furthest. */
  #tierFor(fromMs: number): Tier | undefined {
    if (this.#ring.oldestMs <= fromMs || this.#ring.next < this.#ring.capacity) return undefined
    let best: Tier | undefined
    for (const tier of this.#tiers) {
      if (tier.ring.oldestMs >= (best?.ring.oldestMs ?? this.#ring.oldestMs)) continue
      best = tier
      if (tier.ring.oldestMs <= fromMs) break
    }
    return best
  }

  /** Coarse samples end with the last step that is over; the newest ones follow as they came, restarts added up. */
  #withNewest(track: IndexedSeries, tier: Tier, coarse: Samples, fromMs: number, toMs: number, statistic: Statistic): Samples {
    const timesMs = Array.from(coarse.timesMs)
    const values = Array.from(coarse.values)
    const lastMs = timesMs.at(-1)
    const newest = read(this.#ring, track.column, Math.max(fromMs, (lastMs ?? fromMs) - tier.stepMs), toMs)
    let before: number | undefined
    let restarted = 0
    Array.from(newest.timesMs).forEach((timeMs, index) => {
      const value = newest.values[index] as number
      if (track.series.isCounter && before !== undefined && value < before) restarted += before
      before = value
      // The coarse sample of the same moment says what all restarts before it add up to.
      if (lastMs !== undefined && timeMs <= lastMs) restarted = track.series.isCounter ? (values.at(-1) as number) - value : 0
      else {
        timesMs.push(timeMs)
        values.push(statistic === 'count' ? 1 : value + restarted)
      }
    })
    return { timesMs, values }
  }

  #find(series: HistorySeries): IndexedSeries | undefined {
    return this.#selected.get(series) ?? this.#names.get(series.name)?.get(series.labels)
  }

  #track(series: HistorySeries): IndexedSeries | undefined {
    let tracks = this.#names.get(series.name)
    if (tracks === undefined) {
      tracks = new SeriesIndex()
      this.#names.set(series.name, tracks)
    }
    const known = tracks.get(series.labels)
    if (known !== undefined) return known
    if (this.#bytes > this.#maxBytes) {
      this.refused++
      return undefined
    }
    const track: IndexedSeries = { series, column: new Column(this.#ring.capacity), restarted: 0, lastValue: 0, lastTick: -1 }
    tracks.add(track)
    this.#selected.set(series, track)
    return track
  }

  /** Forgets series that ended longest ago until the rest fits. */
  #keepWithinMemory(tick: number): void {
    this.#measure()
    if (this.#bytes <= this.#maxBytes) return
    const ended = [...this.#names.values()].flatMap((tracks) => [...tracks.all()].filter(({ lastTick }) => lastTick < tick))
    ended.sort((one, other) => one.lastTick - other.lastTick)
    for (const track of ended.slice(0, Math.max(1, Math.ceil(ended.length / 4)))) {
      this.#names.get(track.series.name)?.delete(track)
      for (const tier of this.#tiers) tier.forget(track)
    }
    this.#measure()
  }

  #measure(): void {
    let bytes = this.#tiers.reduce((sum, tier) => sum + tier.bytes, this.#ring.capacity * 8)
    for (const tracks of this.#names.values()) for (const { column } of tracks.all()) bytes += column.bytes
    this.#bytes = bytes
  }
}

function read(ring: RingBuffer, column: Column | undefined, fromMs: number, toMs: number): Samples {
  const timesMs: number[] = []
  const values: number[] = []
  if (column === undefined) return { timesMs, values }
  const end = ring.firstAfter(toMs)
  for (let tick = ring.firstAfter(fromMs); tick < end; tick++) {
    const value = column.at(tick)
    if (Number.isNaN(value)) continue
    timesMs.push(ring.timeMs(tick))
    values.push(value)
  }
  return { timesMs, values }
}

/** A sample as it came is a step of its own: its only, smallest and largest value, and one. */
function asSteps(samples: Samples, statistic: Statistic): Samples {
  return statistic === 'count' ? { timesMs: samples.timesMs, values: Array.from(samples.values, () => 1) } : samples
}
