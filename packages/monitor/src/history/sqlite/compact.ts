import type { DatabaseSync } from 'node:sqlite'
import { type Block, encodeBlock } from './block-codec.ts'
import { TimeSlices } from './time-slices.ts'
import { transaction } from './transaction.ts'

/** About how many samples become one chunk: an hour of 700 series every ten seconds. What is longer becomes several. */
const samplesOfChunk = 2 ** 18
const rowsAtOnce = 32

/** One tick as it is stored. */
export interface Row {
  readonly time_ms: number
  readonly samples: Uint8Array | null
}

/**
 * Folds the oldest ticks into one chunk, as far as they belong to one period that is over. The chunk comes and its ticks go
 * in the same transaction: whoever opens the file after a crash finds either.
 *
 * @returns whether there was something to fold.
 */
export async function compactOldest(
  database: DatabaseSync,
  nowMs: number,
  periodMs: number,
  shouldContinue: () => boolean,
): Promise<boolean> {
  const { oldest } = database.prepare('SELECT min(time_ms) AS oldest FROM tick').get() as { oldest: number | null }
  if (oldest === null) return false
  const endMs = (Math.floor(oldest / periodMs) + 1) * periodMs
  if (endMs > nowMs) return false
  const slices = new TimeSlices()
  const rows = await readRows(database, endMs, slices, shouldContinue)
  const last = rows.at(-1)
  if (last === undefined || !shouldContinue()) return false
  const block = await readBlock(rows, slices)
  const body = await encodeBlock(block, slices)
  if (!shouldContinue()) return false
  const series = new Uint8Array(block.seriesIds.buffer, block.seriesIds.byteOffset, block.seriesIds.byteLength)
  transaction(database, () => {
    database
      .prepare('INSERT INTO chunk (from_ms, to_ms, ticks, series, body) VALUES (?, ?, ?, ?, ?)')
      .run(oldest, last.time_ms, rows.length, series, body)
    const { changes } = database.prepare('DELETE FROM tick WHERE time_ms BETWEEN ? AND ?').run(oldest, last.time_ms)
    // Fewer may be there, where the file became too big meanwhile; more, where the clock was put back: those were not read.
    if (changes > rows.length) throw new Error(`${changes} ticks are where ${rows.length} were folded`)
  })
  return true
}

async function readRows(
  database: DatabaseSync,
  endMs: number,
  slices: TimeSlices,
  shouldContinue: () => boolean,
): Promise<Row[]> {
  const next = database.prepare(
    `SELECT time_ms, samples FROM tick WHERE time_ms > ? AND time_ms < ? ORDER BY time_ms LIMIT ${rowsAtOnce}`,
  )
  const rows: Row[] = []
  let bytes = 0
  while (bytes < samplesOfChunk * 8 && shouldContinue()) {
    const some = next.all(rows.at(-1)?.time_ms ?? Number.MIN_SAFE_INTEGER, endMs) as unknown as Row[]
    if (some.length === 0) break
    for (const { samples } of some) bytes += samples?.length ?? 0
    rows.push(...some)
    await slices.yieldIfDue()
  }
  return rows
}

/** Ticks turned into series; of those series that are in any of them. */
export async function readBlock(rows: readonly Row[], slices: TimeSlices): Promise<Block> {
  const ticks = rows.map(({ samples }) => readSamples(samples))
  const width = ticks.reduce((widest, { length }) => Math.max(widest, length), 0)
  const present: number[] = []
  const values = new Float64Array(width * ticks.length)
  for (let place = 0; place < width; place++) {
    const start = present.length * ticks.length
    let isPresent = false
    for (let tick = 0; tick < ticks.length; tick++) {
      const value = ticks[tick]?.[place] ?? Number.NaN
      values[start + tick] = value
      isPresent ||= !Number.isNaN(value)
    }
    if (isPresent) present.push(place)
    await slices.yieldIfDue()
  }
  return {
    timesMs: Float64Array.from(rows, ({ time_ms }) => time_ms),
    seriesIds: Uint32Array.from(present),
    values: values.subarray(0, present.length * ticks.length),
  }
}

/** SQLite's bytes begin anywhere; numbers must begin at a multiple of eight. */
function readSamples(bytes: Uint8Array | null): Float64Array {
  return new Float64Array(new Uint8Array(bytes ?? []).buffer)
}
