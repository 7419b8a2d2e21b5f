import type { DatabaseSync } from 'node:sqlite'
import { TimeSlices } from '../../time/time-slices.ts'
import { encodeBlock } from './block-codec.ts'
import { rowsPerRead, type SampleRow, toBlock } from './blocks.ts'
import { assertWhole, columnList, prepareInsert, type Row } from './rows.ts'
import { transaction } from './transaction.ts'

/** Approximate number of values in one block: an hour of 700 series every ten seconds. A longer period becomes several blocks. */
const valuesPerBlock = 2 ** 18
const bytesPerValue = 8

/**
 * Compacts the sample rows of all periods that have ended into compressed blocks, in slices. Stops if `shouldContinue` returns
 * false: what is committed stays. Calls `onWritten` after each block.
 */
export async function compact(
  database: DatabaseSync,
  nowMs: number,
  periodMs: number,
  shouldContinue: () => boolean,
  onWritten: () => void = () => {},
): Promise<void> {
  while (shouldContinue() && (await compactOldest(database, nowMs, periodMs, shouldContinue, onWritten))) {}
}

/**
 * Compacts the oldest rows of one period into one block. The block is inserted and its rows are deleted in one transaction, so that
 * after a crash the file contains one or the other. Returns whether there was anything to compact.
 */
async function compactOldest(
  database: DatabaseSync,
  nowMs: number,
  periodMs: number,
  shouldContinue: () => boolean,
  onWritten: () => void,
): Promise<boolean> {
  const { oldest } = database.prepare('SELECT min(time_ms) AS oldest FROM tick').get() as { oldest: number | null }
  if (oldest === null) return false
  const periodEndMs = (Math.floor(oldest / periodMs) + 1) * periodMs
  if (periodEndMs > nowMs) return false
  const slices = new TimeSlices()
  const rows = await readRows(database, periodEndMs, slices, shouldContinue)
  const last = rows.at(-1)
  if (last === undefined || !shouldContinue()) return false
  const block = await toBlock(rows, slices)
  const body = await encodeBlock(block, slices)
  if (!shouldContinue()) return false
  const seriesIds = new Uint8Array(block.seriesIds.buffer, block.seriesIds.byteOffset, block.seriesIds.byteLength)
  transaction(database, () => {
    const { id } = database.prepare('SELECT ifnull(max(id), 0) + 1 AS id FROM chunk').get() as { id: number }
    prepareInsert(database, 'chunk')(id, oldest, last.time_ms, rows.length, seriesIds, body)
    const { changes } = database.prepare('DELETE FROM tick WHERE time_ms BETWEEN ? AND ?').run(oldest, last.time_ms)
    // Retention may have deleted rows meanwhile. More rows mean that the clock was set back: they are not in the block.
    if (changes > rows.length) throw new Error(`${rows.length} rows were compacted, but ${changes} rows would be deleted`)
  })
  onWritten()
  return true
}

async function readRows(
  database: DatabaseSync,
  endMs: number,
  slices: TimeSlices,
  shouldContinue: () => boolean,
): Promise<SampleRow[]> {
  const nextRows = database.prepare(
    `SELECT ${columnList('tick')} FROM tick WHERE time_ms > ? AND time_ms < ? ORDER BY time_ms LIMIT ?`,
  )
  const rows: SampleRow[] = []
  let bytes = 0
  while (bytes < valuesPerBlock * bytesPerValue && shouldContinue()) {
    const last = rows.at(-1)
    const next = nextRows.all(last?.time_ms ?? Number.MIN_SAFE_INTEGER, endMs, rowsPerRead(last)) as unknown as SampleRow[]
    if (next.length === 0) break
    for (const row of next) {
      assertWhole('tick', row as unknown as Row)
      bytes += row.samples?.length ?? 0
    }
    rows.push(...next)
    await slices.yieldIfDue()
  }
  return rows
}
