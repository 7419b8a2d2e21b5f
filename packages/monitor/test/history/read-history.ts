import { DatabaseSync } from 'node:sqlite'
import { readBlocks } from '../../src/history/sqlite/blocks.ts'
import { SeriesIds } from '../../src/history/sqlite/series-ids.ts'
import { TimeSlices } from '../../src/history/sqlite/time-slices.ts'

/** Every sample of a closed file, by its time: `name{index}` and value. */
export async function everything(path: string): Promise<Map<number, Map<string, number>>> {
  const database = new DatabaseSync(path)
  try {
    const seriesIds = new SeriesIds(database)
    const read = new Map<number, Map<string, number>>()
    const unreadable = (error: unknown): never => {
      throw error
    }
    for await (const { timesMs, seriesIds: ids, values } of readBlocks(database, 0, new TimeSlices(), unreadable)) {
      for (const [tick, timeMs] of timesMs.entries()) {
        if (read.has(timeMs)) throw new Error(`${timeMs} is there twice`)
        const moment = new Map<string, number>()
        for (const [index, id] of ids.entries()) {
          const series = seriesIds.seriesById(id)
          moment.set(`${series?.name}{${series?.labels['index']}}`, values[index * timesMs.length + tick] as number)
        }
        read.set(timeMs, moment)
      }
    }
    return read
  } finally {
    database.close()
  }
}
