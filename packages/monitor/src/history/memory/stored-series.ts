import { type RangeSamples, Sum, summarizeSamples, type WindowSummary } from '../indicators.ts'
import type { HistorySeries } from '../series.ts'
import type { BlockPool } from './block-pool.ts'
import { clipStep } from './clip-step.ts'
import { Column } from './column.ts'
import { Presence } from './presence.ts'
import type { SeriesGroup } from './series-group.ts'
import { SeriesSteps, type Step, type Tier } from './tier.ts'
import type { Timeline } from './timeline.ts'

/** Resets of a counter that are remembered one by one. Of the older ones only their sum is. */
const maxResets = 256

/** The resolutions in which a sample is kept: all (0), without the sample itself (1), or in the coarsest steps only (2). */
export type Detail = 0 | 1 | 2

/** What all series share: the times of their samples and steps, and the memory for the values. */
export interface SharedTimes {
  readonly pool: BlockPool
  readonly samples: Timeline
  /** Finest first. */
  readonly tiers: readonly Tier[]
}

/** A part of a window: a step, or samples one by one. Values of a counter have earlier resets added. */
interface Part extends Step {
  /** The first value as it was. */
  readonly firstValue: number
}

/** The samples of one series: those of the last hour one by one, and the steps of each tier. */
export class StoredSeries {
  readonly series: HistorySeries
  readonly group: SeriesGroup<StoredSeries>
  /** Sequence number of the newest sample; -1 before the first. */
  lastSequence = -1
  /** The bytes of its lists when they were counted last. */
  countedListBytes = 0
  readonly #presence = new Presence()
  readonly #column = new Column(1)
  readonly #steps: readonly SeriesSteps[]
  #lastValue = Number.NaN
  /** Sum of the values that a counter had before each of its resets. */
  #offset = 0
  /** Sequence number of a reset and the offset from then on, in turn, oldest first. */
  #resets: number[] | undefined
  /** The offset before the oldest reset in `#resets`. */
  #firstOffset = 0

  constructor(series: HistorySeries, group: SeriesGroup<StoredSeries>, tiers: readonly Tier[]) {
    this.series = series
    this.group = group
    this.#steps = tiers.map(() => new SeriesSteps(series.isCounter))
  }

  /** Memory of its lists, beside the values in the pool, in bytes. */
  get listBytes(): number {
    return this.#steps.reduce((sum, steps) => sum + steps.bytes, this.#column.bytes + this.#presence.bytes)
  }

  /** Adds the value of a sample, in the resolutions from `detail` on. Returns the blocks taken from the pool. */
  add({ pool, tiers }: SharedTimes, sequence: number, timeMs: number, value: number, detail: Detail): number {
    if (this.series.isCounter && value < this.#lastValue && Number.isFinite(this.#lastValue)) this.#addReset(sequence)
    this.#lastValue = value
    this.lastSequence = sequence
    let taken = 0
    if (detail === 0) {
      taken = this.#column.write(pool, sequence, value)
      this.#presence.add(sequence)
    }
    const compensated = value + this.#offset
    for (let index = Math.max(0, detail - 1); index < tiers.length; index++)
      taken += (this.#steps[index] as SeriesSteps).add(pool, tiers[index] as Tier, timeMs, compensated)
    return taken
  }

  /** Returns the value of the newest sample until `timeMs`, at most `lookbackMs` old; undefined if there is none, or it has ended. */
  at(shared: SharedTimes, timeMs: number, lookbackMs: number): number | undefined {
    const { pool, samples, tiers } = shared
    const sequence = samples.firstAfter(timeMs) - 1
    const { first } = this.#presence
    if (first !== undefined && sequence >= Math.max(first, samples.oldestSequence)) {
      if (samples.timeMs(sequence) <= timeMs - lookbackMs || !this.#presence.has(sequence)) return undefined
      return this.#column.read(pool, sequence)
    }
    for (const [index, tier] of tiers.entries()) {
      const steps = this.#steps[index] as SeriesSteps
      let step = tier.starts.firstAfter(timeMs) - 1
      // In the middle of a step, its samples are not known one by one: the value is that of the step before.
      if (step >= 0 && step <= tier.current && tier.endMs(step) > timeMs) step--
      if (step < tier.starts.oldestSequence || steps.first === undefined || step < steps.first) continue
      const values = steps.read(pool, tier, step)
      if (values === undefined || values.lastMs <= timeMs - Math.max(lookbackMs, 2 * tier.stepMs)) return undefined
      const lastSample = step < tier.current ? tier.firstSample(step + 1) - 1 : this.lastSequence
      return values.last - (this.series.isCounter ? this.#offsetAt(lastSample) : 0)
    }
    return undefined
  }

  /** Returns what the samples after `fromMs` and until `toMs` amount to; undefined without any. */
  window(shared: SharedTimes, fromMs: number, toMs: number): WindowSummary | undefined {
    const parts = this.#parts(shared, fromMs, toMs)
    const values = this.#samples(shared, parts.at(-1)?.lastMs ?? fromMs, fromMs, toMs)
    if (parts.length === 0) return summarizeSamples(values)
    if (values.values.length > 0) parts.push(this.#sampleParts(values))
    const first = parts[0] as Part
    const last = parts.at(-1) as Part
    let count = 0
    let { min, max } = first
    const sum = new Sum()
    for (const part of parts) {
      count += part.count
      if (part.min < min || Number.isNaN(min)) min = part.min
      if (part.max > max || Number.isNaN(max)) max = part.max
      sum.add(part.sum)
    }
    return {
      count,
      firstMs: first.firstMs,
      lastMs: last.lastMs,
      firstValue: first.firstValue,
      lastValue: last.last,
      increase: last.last - first.first,
      min,
      max,
      avg: sum.value / count,
    }
  }

  /** Returns the samples after `fromMs` and until `toMs`; where they are not kept one by one, their mean in each step. */
  range(shared: SharedTimes, fromMs: number, toMs: number): RangeSamples {
    const parts = this.#parts(shared, fromMs, toMs)
    const { timesMs, values } = this.#samples(shared, parts.at(-1)?.lastMs ?? fromMs, fromMs, toMs)
    if (parts.length === 0) return { timesMs, values }
    const { isCounter } = this.series
    const stepMs = parts.map(({ firstMs, timeSum, count }) => firstMs + (timeSum * 1000) / count)
    const stepValues = parts.map(({ first, firstValue, sum, count }) => sum / count - (isCounter ? first - firstValue : 0))
    const ones = values.map(() => 0)
    return {
      timesMs: [...stepMs, ...timesMs],
      values: [...stepValues, ...values],
      counts: [...parts.map(({ count }) => count), ...values.map(() => 1)],
      timeSpreads: [...parts.map(({ timeSquares, timeSum, count }) => timeSquares - (timeSum * timeSum) / count), ...ones],
      slopeSums: [...parts.map(({ moment, timeSum, sum, count }) => moment - (timeSum * sum) / count), ...ones],
    }
  }

  /** Releases what the limits of the rings and of the group leave out. Returns the blocks given back to the pool. */
  release({ pool, samples, tiers }: SharedTimes): number {
    const { horizons } = this.group
    const firstSample = Math.max(samples.oldestSequence, horizons[0] as number)
    let released = this.#column.releaseBefore(pool, firstSample)
    this.#presence.releaseBefore(firstSample)
    tiers.forEach((tier, index) => {
      const first = Math.max(tier.starts.oldestSequence, horizons[index + 1] as number)
      released += (this.#steps[index] as SeriesSteps).releaseBefore(pool, first)
    })
    return released
  }

  /** Releases everything. Returns the blocks given back to the pool. */
  releaseAll({ pool }: SharedTimes): number {
    let released = this.#column.releaseBefore(pool, Number.POSITIVE_INFINITY)
    for (const steps of this.#steps) released += steps.releaseBefore(pool, Number.POSITIVE_INFINITY)
    return released
  }

  /** Returns whether nothing of the series is kept, except for its newest step. */
  hasEnded({ samples, tiers }: SharedTimes): boolean {
    if (this.lastSequence >= samples.oldestSequence) return false
    return tiers.every((tier, index) => {
      const { last } = this.#steps[index] as SeriesSteps
      return last < Math.max(tier.starts.oldestSequence, this.group.horizons[index + 1] as number)
    })
  }

  /** Moves the times that are the series' own by milliseconds. */
  shift(deltaMs: number): void {
    for (const steps of this.#steps) steps.shift(deltaMs)
  }

  #addReset(sequence: number): void {
    this.#offset += this.#lastValue
    this.#resets ??= []
    this.#resets.push(sequence, this.#offset)
    if (this.#resets.length > 2 * maxResets) this.#firstOffset = this.#resets.splice(0, 2)[1] as number
  }

  /** Returns what was added to the value of a sample because of earlier resets. */
  #offsetAt(sequence: number): number {
    if (this.#resets === undefined) return 0
    for (let index = this.#resets.length - 2; index >= 0; index -= 2) {
      if (sequence >= (this.#resets[index] as number)) return this.#resets[index + 1] as number
    }
    return this.#firstOffset
  }

  /**
   * Returns the steps in the part of a window of which not every sample is kept: of each tier, coarsest first, those that begin
   * before the next finer one does. A step is not split where the finer ones begin: they continue after its end.
   */
  #parts({ pool, samples, tiers }: SharedTimes, fromMs: number, toMs: number): Part[] {
    const parts: Part[] = []
    const startsMs = this.#startsMs(samples, tiers)
    let cursorMs = fromMs
    for (let index = tiers.length - 1; index >= 0; index--) {
      const tier = tiers[index] as Tier
      const steps = this.#steps[index] as SeriesSteps
      const untilMs = Math.min(toMs + 1, ...startsMs.slice(0, index + 1))
      if (steps.first === undefined || untilMs <= cursorMs) continue
      const first = Math.max(steps.first, tier.starts.oldestSequence, tier.starts.firstAfter(cursorMs) - 1)
      for (let step = first; step <= tier.current && tier.starts.timeMs(step) < untilMs; step++) {
        const values = steps.read(pool, tier, step)
        // A step may begin before the series does.
        if (values === undefined || values.firstMs >= untilMs) continue
        const clipped = clipStep(values, cursorMs, toMs)
        if (clipped === undefined) continue
        const offset = this.series.isCounter ? this.#offsetAt(tier.firstSample(step)) : 0
        parts.push({ ...clipped, firstValue: clipped.first - offset })
      }
      cursorMs = Math.max(cursorMs, parts.at(-1)?.lastMs ?? cursorMs)
    }
    return parts
  }

  /** Returns when the samples, and the steps of each tier, begin; Infinity if there are none. */
  #startsMs(samples: Timeline, tiers: readonly Tier[]): number[] {
    const firstSample = this.#presence.first
    return [
      firstSample === undefined ? Number.POSITIVE_INFINITY : samples.timeMs(Math.max(firstSample, samples.oldestSequence)),
      ...tiers.map(({ starts }, index) => {
        const first = this.#steps[index]?.first
        return first === undefined ? Number.POSITIVE_INFINITY : starts.timeMs(Math.max(first, starts.oldestSequence))
      }),
    ]
  }

  #samples({ pool, samples }: SharedTimes, afterMs: number, fromMs: number, toMs: number) {
    const timesMs: number[] = []
    const values: number[] = []
    const sequences: number[] = []
    this.#presence.forEach(samples.firstAfter(Math.max(afterMs, fromMs)), samples.firstAfter(toMs), (sequence) => {
      timesMs.push(samples.timeMs(sequence))
      values.push(this.#column.read(pool, sequence))
      sequences.push(sequence)
    })
    return { timesMs, values, sequences }
  }

  #sampleParts({ timesMs, values, sequences }: { timesMs: number[]; values: number[]; sequences: number[] }): Part {
    const { count, firstMs, lastMs, firstValue, lastValue, min, max, avg } = summarizeSamples({
      timesMs,
      values,
    }) as WindowSummary
    const offsetAt = (sequence: number): number => (this.series.isCounter ? this.#offsetAt(sequence) : 0)
    const first = firstValue + offsetAt(sequences[0] as number)
    const last = lastValue + offsetAt(sequences.at(-1) as number)
    return { firstMs, lastMs, count, firstValue, first, last, min, max, sum: avg * count, timeSum: 0, timeSquares: 0, moment: 0 }
  }
}
