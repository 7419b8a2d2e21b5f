import { DatabaseSync } from 'node:sqlite'
import { readBlocks } from '../../src/history/sqlite/blocks.ts'
import { SeriesIds } from '../../src/history/sqlite/series-ids.ts'
import { TimeSlices } from '../../src/time/time-slices.ts'

/** Reads every sample of a closed file: by time, then by `name{index}`. Throws if a time occurs twice. */
export async function readAllSamples(path: string): Promise<Map<number, Map<string, number>>> {
  const database = new DatabaseSync(path)
  try {
    const ids = new SeriesIds(database)
    const samples = new Map<number, Map<string, number>>()
    const fail = (error: unknown): never => {
      throw error
    }
    for await (const { timesMs, seriesIds, values } of readBlocks(database, 0, new TimeSlices(), fail)) {
      for (const [timeIndex, timeMs] of timesMs.entries()) {
        if (samples.has(timeMs)) throw new Error(`the file contains the samples of ${timeMs} twice`)
        const valuesBySeries = new Map<string, number>()
        for (const [seriesIndex, id] of seriesIds.entries()) {
          const series = ids.seriesById(id)
          const value = values[seriesIndex * timesMs.length + timeIndex] as number
          valuesBySeries.set(`${series?.name}{${series?.labels['index']}}`, value)
        }
        samples.set(timeMs, valuesBySeries)
      }
    }
    return samples
  } finally {
    database.close()
  }
}
