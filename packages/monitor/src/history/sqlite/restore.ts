import type { History } from '../history.ts'
import type { HistorySeries, Sample } from '../series.ts'
import type { Block } from './block-codec.ts'
import type { TimeSlices } from './time-slices.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** How close together moments must be that are of any use to a history in memory, by their age: its own steps. */
function stepFor(ageMs: number, intervalMs: number): number {
  if (ageMs <= hourMs) return intervalMs / 2
  return ageMs <= dayMs ? 60_000 : hourMs / 4
}

export interface RestoreOptions {
  readonly nowMs: number
  /** How often the history is going to be written to. */
  readonly intervalMs: number
  readonly seriesAt: (place: number) => HistorySeries | undefined
  readonly slices: TimeSlices
  readonly shouldContinue: () => boolean
}

/**
 * Appends what was stored to a history, thinned to the steps that it keeps: of each step the last value of each series, at
 * the step's last moment. Where nothing was stored, nothing is appended: as with Prometheus after its own restart, what was
 * last known is a value for five minutes more and none after that, and the first moment of this process ends what it lacks.
 * Moments later than now, from when the clock was wrong, are left out.
 */
export async function restoreHistory(history: History, blocks: AsyncIterable<Block>, options: RestoreOptions): Promise<void> {
  const { nowMs, intervalMs, slices, shouldContinue } = options
  const step = new Step(options.seriesAt)
  let current: number | undefined
  for await (const block of blocks) {
    for (let tick = 0; tick < block.timesMs.length; tick++) {
      const timeMs = block.timesMs[tick] as number
      if (timeMs > nowMs) continue
      const stepMs = stepFor(nowMs - timeMs, intervalMs)
      const start = Math.floor(timeMs / stepMs) * stepMs
      if (current !== undefined && start !== current) {
        step.appendTo(history)
        await slices.yieldIfDue()
        if (!shouldContinue()) return
      }
      current = start
      step.add(block, tick)
    }
  }
  step.appendTo(history)
}

/** The last value of each series in a step. */
class Step {
  readonly #seriesAt: RestoreOptions['seriesAt']
  readonly #lastValues: number[] = []
  #lastMs: number | undefined

  constructor(seriesAt: RestoreOptions['seriesAt']) {
    this.#seriesAt = seriesAt
  }

  add({ timesMs, seriesIds, values }: Block, tick: number): void {
    for (let index = 0; index < seriesIds.length; index++) {
      const value = values[index * timesMs.length + tick] as number
      if (!Number.isNaN(value)) this.#lastValues[seriesIds[index] as number] = value
    }
    this.#lastMs = timesMs[tick]
  }

  appendTo(history: History): void {
    if (this.#lastMs === undefined) return
    const samples: Sample[] = []
    this.#lastValues.forEach((value, place) => {
      const series = this.#seriesAt(place)
      if (series !== undefined) samples.push({ series, value })
    })
    history.append(this.#lastMs, samples)
    this.#lastValues.length = 0
    this.#lastMs = undefined
  }
}
