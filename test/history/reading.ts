import { DatabaseSync } from 'node:sqlite'
import { blocksSince } from '../../packages/monitor/src/history/durable-blocks.ts'
import { Slices } from '../../packages/monitor/src/history/durable-slices.ts'
import { SeriesPlaces } from '../../packages/monitor/src/history/sqlite-series.ts'

/** Every sample of a closed file, by its time: `name{index}` and value. */
export async function everything(path: string): Promise<Map<number, Map<string, number>>> {
  const database = new DatabaseSync(path)
  try {
    const places = new SeriesPlaces(database)
    const read = new Map<number, Map<string, number>>()
    const unreadable = (error: unknown): never => {
      throw error
    }
    for await (const { timesMs, places: ids, values } of blocksSince(database, 0, new Slices(), unreadable)) {
      for (const [tick, timeMs] of timesMs.entries()) {
        if (read.has(timeMs)) throw new Error(`${timeMs} is there twice`)
        const moment = new Map<string, number>()
        for (const [index, id] of ids.entries()) {
          const series = places.seriesAt(id)
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
