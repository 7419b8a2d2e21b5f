import { type Statistic, statistics } from '../history.ts'
import { Column } from './ring-buffer.ts'

/** The downsampled steps of one series in one tier, and the step in progress. */
export class Downsampler {
  readonly columns: Partial<Record<Statistic, Column>>
  #step: Record<Statistic, number> | undefined

  /** Creates the columns: all statistics for a gauge; the last value for a counter, because it only grows. */
  constructor(capacity: number, isCounter: boolean) {
    const stored = isCounter ? (['last'] as const) : statistics
    this.columns = Object.fromEntries(stored.map((statistic) => [statistic, new Column(capacity)]))
  }

  get bytes(): number {
    return Object.values(this.columns).reduce((bytes, column) => bytes + column.bytes, 0)
  }

  /** Adds a sample to the step in progress. */
  add(value: number): void {
    const { min = value, max = value, sum = 0, count = 0 } = this.#step ?? {}
    this.#step = { last: value, min: Math.min(min, value), max: Math.max(max, value), sum: sum + value, count: count + 1 }
  }

  /** Stores the step in progress under a sequence number (NaN if it has no sample) and starts the next one. */
  flush(sequence: number): void {
    for (const statistic of statistics) this.columns[statistic]?.set(sequence, this.#step?.[statistic] ?? Number.NaN)
    this.#step = undefined
  }
}
