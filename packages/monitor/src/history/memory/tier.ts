import { type Statistic, statistics } from '../history.ts'
import { Column, RingBuffer } from './ring-buffer.ts'

/** The steps of one series in one tier, and the step that is not over yet. */
export class Downsampler {
  readonly columns: Partial<Record<Statistic, Column>>
  #open: Record<Statistic, number> | undefined

  /** A counter needs only where it ended. */
  constructor(capacity: number, isCounter: boolean) {
    const kept = isCounter ? (['last'] as const) : statistics
    this.columns = Object.fromEntries(kept.map((statistic) => [statistic, new Column(capacity)]))
  }

  get bytes(): number {
    return Object.values(this.columns).reduce((bytes, column) => bytes + column.bytes, 0)
  }

  add(value: number): void {
    const { min = value, max = value, sum = 0, count = 0 } = this.#open ?? {}
    this.#open = { last: value, min: Math.min(min, value), max: Math.max(max, value), sum: sum + value, count: count + 1 }
  }

  /** Writes the open step down at this tick, as nothing where the series had no sample in it. */
  close(tick: number): void {
    for (const statistic of statistics) this.columns[statistic]?.set(tick, this.#open?.[statistic] ?? Number.NaN)
    this.#open = undefined
  }
}

/** One resolution of a history: a tick for every step in which there was a sample, at the time of the step's last one. */
export class Tier {
  readonly stepMs: number
  readonly ring: RingBuffer
  readonly #steps = new Map<object, Downsampler>()
  #openStep: number | undefined
  #lastMs = 0

  constructor(stepMs: number, capacity: number) {
    this.stepMs = stepMs
    this.ring = new RingBuffer(capacity)
  }

  get bytes(): number {
    let bytes = this.ring.capacity * 8
    for (const steps of this.#steps.values()) bytes += steps.bytes
    return bytes
  }

  /** A moment begins: the step before it is written down where it is over. */
  begin(timeMs: number): void {
    const step = Math.floor(timeMs / this.stepMs)
    if (this.#openStep !== undefined && step !== this.#openStep) {
      const tick = this.ring.push(this.#lastMs)
      for (const steps of this.#steps.values()) steps.close(tick)
    }
    this.#openStep = step
    this.#lastMs = timeMs
  }

  add(key: object, isCounter: boolean, value: number): void {
    let steps = this.#steps.get(key)
    if (steps === undefined) {
      steps = new Downsampler(this.ring.capacity, isCounter)
      this.#steps.set(key, steps)
    }
    steps.add(value)
  }

  column(key: object, statistic: Statistic): Column | undefined {
    return this.#steps.get(key)?.columns[statistic]
  }

  forget(key: object): void {
    this.#steps.delete(key)
  }
}
