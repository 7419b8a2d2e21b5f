import type { TimeSlices } from '../../time/time-slices.ts'
import type { TimeSeries } from '../memory/time-series.ts'
import type { HistorySeries } from '../series.ts'
import type { Block } from './block-codec.ts'
import { fromStored } from './stored-value.ts'

/** Options of `restoreHistory`. */
export interface RestoreOptions {
  /** Returns the Unix time in milliseconds of a recording time. */
  readonly toUnixMs: (recordingMs: number) => number
  /** Unix time in milliseconds of the last sample, and the number of samples. */
  readonly lastMs: number
  readonly count: number
  readonly seriesById: (id: number) => HistorySeries | undefined
  readonly slices: TimeSlices
  readonly shouldContinue: () => boolean
}

/**
 * Appends all stored samples to a history, which afterwards is as if this process had recorded them.
 *
 * Nothing is appended for times without samples. As after a restart of Prometheus, the last value stays current for five minutes,
 * and a series that is missing in the first sample of this process ends there.
 */
export async function restoreHistory(history: TimeSeries, blocks: AsyncIterable<Block>, options: RestoreOptions): Promise<void> {
  const { toUnixMs, lastMs, count, seriesById, slices, shouldContinue } = options
  let restored = 0
  for await (const { timesMs, seriesIds, values } of blocks) {
    const series = Array.from(seriesIds, (id) => seriesById(id))
    for (let timeIndex = 0; timeIndex < timesMs.length; timeIndex++) {
      const timeMs = toUnixMs(timesMs[timeIndex] as number)
      restored++
      if (!history.begin(timeMs, history.detailFor(lastMs - timeMs, count - restored))) continue
      for (let index = 0; index < series.length; index++) {
        const value = values[index * timesMs.length + timeIndex] as number
        const one = series[index]
        if (!Number.isNaN(value) && one !== undefined) history.add(one, fromStored(value))
      }
      history.commit()
      await slices.yieldIfDue()
      if (!shouldContinue()) return
    }
  }
}
