import type { BlockPool } from './block-pool.ts'
import { Column } from './column.ts'
import { Presence } from './presence.ts'
import { Timeline } from './timeline.ts'
import type { WindowTotal } from './window-total.ts'

/** The samples of one series in one step. */
export interface Step {
  readonly firstMs: number
  readonly lastMs: number
  readonly count: number
  /** First and last value. Those of a counter have its earlier resets added: they only grow. */
  readonly first: number
  readonly last: number
  readonly min: number
  readonly max: number
  readonly sum: number
  /** Sums over the samples, for a linear regression: of the seconds since the first one, of their squares, and of seconds times value. */
  readonly timeSum: number
  readonly timeSquares: number
  readonly moment: number
}

/** The steps of one resolution, which all series share: when each began and ended, and how many samples it has. */
export class Tier {
  readonly stepMs: number
  /** Time of the first sample of each step. */
  readonly starts: Timeline
  readonly #endsMs: Float64Array
  readonly #counts: Float64Array
  readonly #timeSums: Float64Array
  readonly #timeSquares: Float64Array
  /** Sequence number of the first sample of each step. */
  readonly #samples: Float64Array
  #currentStep: number | undefined

  constructor(stepMs: number, capacity: number) {
    this.stepMs = stepMs
    this.starts = new Timeline(capacity)
    this.#endsMs = new Float64Array(capacity)
    this.#counts = new Float64Array(capacity)
    this.#timeSums = new Float64Array(capacity)
    this.#timeSquares = new Float64Array(capacity)
    this.#samples = new Float64Array(capacity)
  }

  /** Sequence number of the step in progress; -1 before the first sample. */
  get current(): number {
    return this.starts.nextSequence - 1
  }

  get bytes(): number {
    return 6 * this.starts.bytes
  }

  /** Starts a sample: in the step in progress, or in a new one. */
  startSample(timeMs: number, sample: number): void {
    // A step ends with its boundary, as the windows of PromQL do.
    const step = Math.ceil(timeMs / this.stepMs)
    if (step !== this.#currentStep) {
      const index = this.starts.push(timeMs) % this.starts.capacity
      this.#counts[index] = 0
      this.#timeSums[index] = 0
      this.#timeSquares[index] = 0
      this.#samples[index] = sample
    }
    const index = this.current % this.starts.capacity
    this.#currentStep = step
    this.#endsMs[index] = timeMs
    this.#counts[index] = (this.#counts[index] as number) + 1
    const seconds = (timeMs - this.starts.timeMs(this.current)) / 1000
    this.#timeSums[index] = (this.#timeSums[index] as number) + seconds
    this.#timeSquares[index] = (this.#timeSquares[index] as number) + seconds * seconds
  }

  endMs(sequence: number): number {
    return this.#endsMs[sequence % this.starts.capacity] as number
  }

  /** Returns how many samples a step has. */
  count(sequence: number): number {
    return this.#counts[sequence % this.starts.capacity] as number
  }

  /** Returns the sums over the times of all samples of a step. */
  times(sequence: number): StepTimes {
    const index = sequence % this.starts.capacity
    return {
      firstMs: this.starts.timeMs(sequence),
      lastMs: this.endMs(sequence),
      count: this.#counts[index] as number,
      timeSum: this.#timeSums[index] as number,
      timeSquares: this.#timeSquares[index] as number,
    }
  }

  /** Returns the sequence number of the first sample of a step. */
  firstSample(sequence: number): number {
    return this.#samples[sequence % this.starts.capacity] as number
  }

  /** Moves all times by milliseconds. */
  shift(deltaMs: number): void {
    this.starts.shift(deltaMs)
    for (let index = 0; index < this.#endsMs.length; index++) this.#endsMs[index] = (this.#endsMs[index] as number) + deltaMs
    if (this.current >= 0) this.#currentStep = Math.ceil(this.endMs(this.current) / this.stepMs)
  }
}

/** Memory of the times and counts of one step in which a series has not all samples, as measured. */
const partialBytes = 190

/** The step of a series that is in progress. */
interface OpenStep {
  timeSum: number
  timeSquares: number
  moment: number
  sequence: number
  firstMs: number
  lastMs: number
  count: number
  first: number
  last: number
  min: number
  max: number
  sum: number
}

/** The part of a step that only depends on the times of its samples. */
type StepTimes = Pick<Step, 'firstMs' | 'lastMs' | 'count' | 'timeSum' | 'timeSquares'>

/** The steps of one series in one tier. */
export class SeriesSteps {
  readonly presence = new Presence()
  readonly #isCounter: boolean
  readonly #column: Column
  /** Times and counts of the steps in which the series has not all samples, by sequence number. */
  #partial: Map<number, StepTimes> | undefined
  #open: OpenStep | undefined

  constructor(isCounter: boolean) {
    this.#isCounter = isCounter
    // A counter only grows: its minimum and maximum are its first and last value.
    this.#column = new Column(isCounter ? 2 : 5)
  }

  /** Sequence number of the oldest step; undefined without any. */
  get first(): number | undefined {
    return this.presence.first ?? this.#open?.sequence
  }

  /** Sequence number of the newest step; -1 without any. */
  get last(): number {
    return this.#open?.sequence ?? this.presence.last
  }

  /** What the steps use beside the pool, in bytes. */
  get bytes(): number {
    return this.#column.bytes + this.presence.bytes + partialBytes * (this.#partial?.size ?? 0)
  }

  /** Adds a sample to the step in progress; stores the one before if it has ended. Returns the blocks taken from the pool. */
  add(pool: BlockPool, tier: Tier, timeMs: number, value: number): number {
    const open = this.#open
    if (open === undefined) {
      this.#open = startStep(tier.current, timeMs, value)
      return 0
    }
    if (open.sequence !== tier.current) {
      const taken = this.#store(pool, tier, open)
      this.#open = Object.assign(open, startStep(tier.current, timeMs, value))
      return taken
    }
    open.lastMs = timeMs
    open.count++
    open.last = value
    // As min_over_time and max_over_time of PromQL: NaN only if every value is.
    if (value < open.min || Number.isNaN(open.min)) open.min = value
    if (value > open.max || Number.isNaN(open.max)) open.max = value
    open.sum += value
    const seconds = (timeMs - open.firstMs) / 1000
    open.timeSum += seconds
    open.timeSquares += seconds * seconds
    open.moment += seconds * value
    return 0
  }

  /** Returns the time of the first sample of a step; undefined if the series has no sample in it. */
  firstMs(tier: Tier, sequence: number): number | undefined {
    if (this.#open?.sequence === sequence) return this.#open.firstMs
    if (!this.presence.has(sequence)) return undefined
    return this.#partial?.get(sequence)?.firstMs ?? tier.starts.timeMs(sequence)
  }

  /** Returns whether all samples of a step, of which there are some, are after `fromMs` and until `toMs`. */
  isWithin(tier: Tier, sequence: number, fromMs: number, toMs: number): boolean {
    const own = this.#open?.sequence === sequence ? this.#open : this.#partial?.get(sequence)
    return (own?.firstMs ?? tier.starts.timeMs(sequence)) > fromMs && (own?.lastMs ?? tier.endMs(sequence)) <= toMs
  }

  /** Adds a step, which has samples, to a window. Returns the time of its last sample. */
  addTo(total: WindowTotal, pool: BlockPool, tier: Tier, sequence: number, offset: number): number {
    const open = this.#open
    if (open?.sequence === sequence) {
      const { count, firstMs, lastMs, first, last, min, max, sum } = open
      total.add(count, firstMs, lastMs, first, last, min, max, sum, first - offset)
      return lastMs
    }
    const partial = this.#partial?.get(sequence)
    const count = partial?.count ?? tier.count(sequence)
    const firstMs = partial?.firstMs ?? tier.starts.timeMs(sequence)
    const lastMs = partial?.lastMs ?? tier.endMs(sequence)
    const one = this.#column.read(pool, sequence, 0)
    const two = this.#column.read(pool, sequence, 1)
    if (this.#isCounter) total.add(count, firstMs, lastMs, one, two, one, two, ((one + two) / 2) * count, one - offset)
    else {
      const [max, sum] = [this.#column.read(pool, sequence, 2), this.#column.read(pool, sequence, 3)]
      total.add(count, firstMs, lastMs, one, one, two, max, sum, one - offset)
    }
    return lastMs
  }

  /** Returns the step with a sequence number; undefined if the series has no sample in it. */
  read(pool: BlockPool, tier: Tier, sequence: number): Step | undefined {
    if (this.#open?.sequence === sequence) return this.#open
    if (!this.presence.has(sequence)) return undefined
    const times = this.#partial?.get(sequence) ?? tier.times(sequence)
    const read = (value: number): number => this.#column.read(pool, sequence, value)
    if (!this.#isCounter)
      return { ...times, first: read(0), last: read(0), min: read(1), max: read(2), sum: read(3), moment: read(4) }
    const [first, last] = [read(0), read(1)]
    const seconds = (times.lastMs - times.firstMs) / 1000
    // As if it grew evenly.
    const perSecond = seconds === 0 ? 0 : (last - first) / seconds
    const moment = first * times.timeSum + perSecond * times.timeSquares
    return { ...times, first, last, min: first, max: last, sum: ((first + last) / 2) * times.count, moment }
  }

  /** Releases the steps before a sequence number. Returns the blocks given back to the pool. */
  releaseBefore(pool: BlockPool, sequence: number): number {
    const released = this.#column.releaseBefore(pool, sequence)
    this.presence.releaseBefore(sequence)
    if (this.#partial !== undefined) {
      for (const partial of this.#partial.keys()) if (partial < sequence) this.#partial.delete(partial)
      if (this.#partial.size === 0) this.#partial = undefined
    }
    return released
  }

  /** Moves the times that are the series' own by milliseconds. */
  shift(deltaMs: number): void {
    if (this.#open !== undefined) {
      this.#open.firstMs += deltaMs
      this.#open.lastMs += deltaMs
    }
    this.#partial?.forEach((step, sequence, all) => {
      all.set(sequence, { ...step, firstMs: step.firstMs + deltaMs, lastMs: step.lastMs + deltaMs })
    })
  }

  #store(pool: BlockPool, tier: Tier, step: OpenStep): number {
    const { sequence, firstMs, lastMs, count, timeSum, timeSquares, first, last, min, max, sum, moment } = step
    if (sequence < tier.starts.oldestSequence) return 0
    const taken = this.#isCounter
      ? this.#column.write(pool, sequence, first, last)
      : this.#column.write(pool, sequence, last, min, max, sum, moment)
    this.presence.add(sequence)
    const whole = tier.times(sequence)
    const isWhole = count === whole.count && firstMs === whole.firstMs && lastMs === whole.lastMs
    if (!isWhole) {
      this.#partial ??= new Map()
      this.#partial.set(sequence, { firstMs, lastMs, count, timeSum, timeSquares })
    }
    return taken
  }
}

function startStep(sequence: number, timeMs: number, value: number): OpenStep {
  return {
    sequence,
    firstMs: timeMs,
    lastMs: timeMs,
    count: 1,
    timeSum: 0,
    timeSquares: 0,
    first: value,
    last: value,
    min: value,
    max: value,
    sum: value,
    moment: 0,
  }
}
