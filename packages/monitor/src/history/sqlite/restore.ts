import type { History } from '../history.ts'
import type { HistorySeries, Sample } from '../series.ts'
import type { Block } from './block-codec.ts'
import type { TimeSlices } from './time-slices.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Returns the step in which the history in memory keeps samples of this age, in milliseconds. */
function stepForAge(ageMs: number, intervalMs: number): number {
  if (ageMs <= hourMs) return intervalMs / 2
  return ageMs <= dayMs ? 60_000 : hourMs / 4
}

/** Options of `restoreHistory`. */
export interface RestoreOptions {
  readonly nowMs: number
  /** Time between two samples of this process, in milliseconds. */
  readonly intervalMs: number
  readonly seriesById: (id: number) => HistorySeries | undefined
  readonly slices: TimeSlices
  readonly shouldContinue: () => boolean
}

/**
 * Appends stored samples to a history, downsampled to the steps that it keeps: the last value of each series in a step, at the last
 * sample time of the step.
 *
 * Nothing is appended for times without samples. As after a restart of Prometheus, the last value stays current for five minutes,
 * and a series that is missing in the first sample of this process ends there. Samples from the future, written while the clock was
 * wrong, are skipped.
 */
export async function restoreHistory(history: History, blocks: AsyncIterable<Block>, options: RestoreOptions): Promise<void> {
  const { nowMs, intervalMs, slices, shouldContinue } = options
  const step = new RestoredStep(options.seriesById)
  let currentStartMs: number | undefined
  for await (const block of blocks) {
    for (let index = 0; index < block.timesMs.length; index++) {
      const timeMs = block.timesMs[index] as number
      if (timeMs > nowMs) continue
      const stepMs = stepForAge(nowMs - timeMs, intervalMs)
      const startMs = Math.floor(timeMs / stepMs) * stepMs
      if (currentStartMs !== undefined && startMs !== currentStartMs) {
        step.flush(history)
        await slices.yieldIfDue()
        if (!shouldContinue()) return
      }
      currentStartMs = startMs
      step.add(block, index)
    }
  }
  step.flush(history)
}

/** The last value of each series in one step. */
class RestoredStep {
  readonly #seriesById: RestoreOptions['seriesById']
  /** By series id. */
  readonly #lastValues: number[] = []
  #lastMs: number | undefined

  constructor(seriesById: RestoreOptions['seriesById']) {
    this.#seriesById = seriesById
  }

  /** Adds the samples of a block at the time with this index. */
  add({ timesMs, seriesIds, values }: Block, timeIndex: number): void {
    for (let index = 0; index < seriesIds.length; index++) {
      const value = values[index * timesMs.length + timeIndex] as number
      if (!Number.isNaN(value)) this.#lastValues[seriesIds[index] as number] = value
    }
    this.#lastMs = timesMs[timeIndex]
  }

  /** Appends the step to a history and starts the next one. */
  flush(history: History): void {
    if (this.#lastMs === undefined) return
    const samples: Sample[] = []
    this.#lastValues.forEach((value, id) => {
      const series = this.#seriesById(id)
      if (series !== undefined) samples.push({ series, value })
    })
    history.append(this.#lastMs, samples)
    this.#lastValues.length = 0
    this.#lastMs = undefined
  }
}
