import type { DatabaseSync } from 'node:sqlite'
import type { TimeSlices } from '../../time/time-slices.ts'
import { type Block, decodeBlock } from './block-codec.ts'
import { assertWhole, columnList, type Row, toIds, toValues } from './rows.ts'

/** Samples of one point in time, as stored. Null if there is no series. */
export interface SampleRow {
  readonly time_ms: number
  readonly samples: Uint8Array | null
}

interface BlockRow extends Row {
  readonly ticks: number
  readonly series: Uint8Array | null
  readonly body: Uint8Array
}

/** What is read at once, in bytes: less than a millisecond. */
const bytesPerRead = 2 ** 18
const maxRowsPerRead = 64

/** Returns how many rows may be read at once, after a row that is as long as they are. */
export function rowsPerRead(before: SampleRow | undefined): number {
  const rowBytes = before?.samples?.length ?? bytesPerRead
  return Math.min(maxRowsPerRead, Math.max(1, Math.floor(bytesPerRead / Math.max(1, rowBytes))))
}

/**
 * Reads all samples of a file from `fromMs` on, oldest first: the compacted blocks, then the rows that are not compacted yet.
 * Nothing may be compacted meanwhile. A block that cannot be read is reported to `onUnreadable` and skipped.
 */
export async function* readBlocks(
  database: DatabaseSync,
  fromMs: number,
  slices: TimeSlices,
  onUnreadable: (error: unknown) => void,
): AsyncGenerator<Block> {
  const ids = database.prepare('SELECT id FROM chunk WHERE to_ms >= ? ORDER BY from_ms').all(fromMs) as unknown as {
    id: number
  }[]
  const block = database.prepare(`SELECT ${columnList('chunk')} FROM chunk WHERE id = ?`)
  for (const { id } of ids) {
    try {
      const row = block.get(id) as unknown as BlockRow
      assertWhole('chunk', row)
      const { ticks: count, series, body } = row
      yield await decodeBlock(body, toIds(series), count, slices)
    } catch (error) {
      onUnreadable(error)
    }
  }
  const nextRows = database.prepare('SELECT time_ms, samples FROM tick WHERE time_ms >= ? ORDER BY time_ms LIMIT ?')
  let last: SampleRow | undefined
  for (let nextMs = fromMs; ; ) {
    const rows = nextRows.all(nextMs, rowsPerRead(last)) as unknown as SampleRow[]
    last = rows.at(-1)
    if (last === undefined) return
    yield await toBlock(rows, slices)
    nextMs = last.time_ms + 1
  }
}

/** Transposes sample rows to a block of the series that have a sample in any of them. */
export async function toBlock(rows: readonly SampleRow[], slices: TimeSlices): Promise<Block> {
  const rowValues = rows.map(({ samples }) => toValues(samples))
  const width = rowValues.reduce((widest, { length }) => Math.max(widest, length), 0)
  const seriesIds: number[] = []
  const values = new Float64Array(width * rows.length)
  for (let id = 0; id < width; id++) {
    const start = seriesIds.length * rows.length
    let hasSample = false
    for (let row = 0; row < rows.length; row++) {
      const value = rowValues[row]?.[id] ?? Number.NaN
      values[start + row] = value
      hasSample ||= !Number.isNaN(value)
    }
    if (hasSample) seriesIds.push(id)
    if (slices.isDue) await slices.pause()
  }
  return {
    timesMs: Float64Array.from(rows, ({ time_ms }) => time_ms),
    seriesIds: Uint32Array.from(seriesIds),
    values: values.subarray(0, seriesIds.length * rows.length),
  }
}
