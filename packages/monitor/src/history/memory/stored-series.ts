import type { RangeSamples, WindowSummary } from '../indicators.ts'
import type { HistorySeries } from '../series.ts'
import type { BlockPool } from './block-pool.ts'
import { clipStep } from './clip-step.ts'
import { Column } from './column.ts'
import { Presence } from './presence.ts'
import type { SeriesGroup } from './series-group.ts'
import { SeriesSteps, type Step, type Tier } from './tier.ts'
import type { Timeline } from './timeline.ts'
import { WindowTotal } from './window-total.ts'

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
  /** Whether the history has it no more. */
  isDeleted = false
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
    const total = new WindowTotal()
    this.#forEachStep(shared, fromMs, toMs, (tier, steps, step, cursorMs) => {
      const offset = this.series.isCounter ? this.#offsetAt(tier.firstSample(step)) : 0
      if (steps.isWithin(tier, step, cursorMs, toMs)) return steps.addTo(total, shared.pool, tier, step, offset)
      const values = steps.read(shared.pool, tier, step)
      const clipped = values && clipStep(values, cursorMs, toMs)
      if (clipped === undefined) return undefined
      const { count, firstMs, lastMs, first, last, min, max, sum } = clipped
      total.add(count, firstMs, lastMs, first, last, min, max, sum, first - offset)
      return lastMs
    })
    const hasSteps = total.count > 0
    const increase = this.#addSamples(total, shared, hasSteps ? total.lastMs : fromMs, toMs, hasSteps)
    return total.summarize(hasSteps ? total.last - total.first : increase)
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
    let low = 0
    let high = this.#resets.length / 2
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#resets[2 * middle] as number) <= sequence) low = middle + 1
      else high = middle
    }
    if (low > 0) return this.#resets[2 * low - 1] as number
    return this.#firstOffset
  }

  /** Returns the steps in the part of a window of which not every sample is kept. */
  #parts(shared: SharedTimes, fromMs: number, toMs: number): Part[] {
    const parts: Part[] = []
    this.#forEachStep(shared, fromMs, toMs, (tier, steps, step, cursorMs) => {
      const values = steps.read(shared.pool, tier, step)
      const clipped = values && clipStep(values, cursorMs, toMs)
      if (clipped === undefined) return undefined
      const offset = this.series.isCounter ? this.#offsetAt(tier.firstSample(step)) : 0
      parts.push({ ...clipped, firstValue: clipped.first - offset })
      return clipped.lastMs
    })
    return parts
  }

  /**
   * Visits the steps in the part of a window of which not every sample is kept: of each tier, coarsest first, those that begin
   * before the next finer one does. A step is not split where the finer ones begin: they continue after its end.
   *
   * @param visit gets the time after which samples count, and returns when the last sample of the step was; undefined if none counts.
   */
  #forEachStep(
    { samples, tiers }: SharedTimes,
    fromMs: number,
    toMs: number,
    visit: (tier: Tier, steps: SeriesSteps, step: number, cursorMs: number) => number | undefined,
  ): void {
    const startsMs = this.#startsMs(samples, tiers)
    let cursorMs = fromMs
    for (let index = tiers.length - 1; index >= 0; index--) {
      const tier = tiers[index] as Tier
      const steps = this.#steps[index] as SeriesSteps
      let untilMs = toMs + 1
      for (let finer = 0; finer <= index; finer++) untilMs = Math.min(untilMs, startsMs[finer] as number)
      if (steps.first === undefined || untilMs <= cursorMs) continue
      const first = Math.max(steps.first, tier.starts.oldestSequence, tier.starts.firstAfter(cursorMs) - 1)
      let lastMs = cursorMs
      for (let step = first; step <= tier.current && tier.starts.timeMs(step) < untilMs; step++) {
        // A step may begin before the series does.
        const firstMs = steps.firstMs(tier, step)
        if (firstMs === undefined || firstMs >= untilMs) continue
        lastMs = visit(tier, steps, step, cursorMs) ?? lastMs
      }
      cursorMs = Math.max(cursorMs, lastMs)
    }
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

  /**
   * Adds the samples after `afterMs` and until `toMs`, with earlier resets added if steps come before them. Returns how much a counter grew.
   */
  #addSamples(total: WindowTotal, shared: SharedTimes, afterMs: number, toMs: number, isCompensated: boolean): number {
    const { pool, samples } = shared
    const from = samples.firstAfter(afterMs)
    const end = samples.firstAfter(toMs)
    let previous = Number.NaN
    const resets: number[] = []
    this.#presence.forEach(from, end, (sequence) => {
      const value = this.#column.read(pool, sequence)
      const timeMs = samples.timeMs(sequence)
      if (value < previous) resets.push(previous)
      previous = value
      const offset = isCompensated && this.series.isCounter ? this.#offsetAt(sequence) : 0
      const compensated = value + offset
      total.add(1, timeMs, timeMs, compensated, compensated, value, value, value, value)
    })
    // In the order of PromQL: the sum of floating-point numbers depends on it.
    return resets.reduce((increase, before) => increase + before, total.last - total.first)
  }
}
