import type { Frame } from './registry-feed.ts'
import type { SeriesRow, TableRow } from './series-table.ts'

const maxRows = 200

/** Returns series with their last values as frames for another table. */
export function* tableFrames(rows: Iterable<TableRow<unknown>>): Generator<Frame> {
  let series: SeriesRow[] = []
  let numbers: number[] = []
  const frame = (): Frame => ({ series, metrics: [], numbers: Float64Array.from(numbers) })
  for (const [id, { metric, labels, kind, value, distribution }] of rows) {
    series.push([id, metric, labels, kind])
    if (distribution === undefined) {
      if (!Number.isNaN(value)) numbers.push(id, value)
    } else if (distribution.counts.size > 0) {
      numbers.push(id, value, distribution.min, distribution.max, distribution.counts.size)
      for (const [bin, count] of distribution.counts) numbers.push(bin, count)
    }
    if (series.length < maxRows) continue
    yield frame()
    series = []
    numbers = []
  }
  if (series.length > 0) yield frame()
}
