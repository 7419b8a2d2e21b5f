import type { DatabaseSync } from 'node:sqlite'
import { type Block, decodeBlock } from './block-codec.ts'
import { type Row, readBlock } from './compact.ts'
import type { TimeSlices } from './time-slices.ts'

const rowsAtOnce = 64

/**
 * Everything in the file from `fromMs` on, oldest first: the chunks, then the ticks that are not folded yet. Nothing may be
 * folded meanwhile. A chunk that cannot be read is told to `unreadable`, and the rest goes on.
 */
export async function* blocksSince(
  database: DatabaseSync,
  fromMs: number,
  slices: TimeSlices,
  unreadable: (error: unknown) => void,
): AsyncGenerator<Block> {
  const ids = database.prepare('SELECT id FROM chunk WHERE to_ms >= ? ORDER BY from_ms').all(fromMs) as unknown as {
    id: number
  }[]
  const chunk = database.prepare('SELECT ticks, series, body FROM chunk WHERE id = ?')
  for (const { id } of ids) {
    try {
      const { ticks, series, body } = chunk.get(id) as { ticks: number; series: Uint8Array | null; body: Uint8Array }
      yield await decodeBlock(body, new Uint32Array(new Uint8Array(series ?? []).buffer), ticks, slices)
    } catch (error) {
      unreadable(error)
    }
  }
  const next = database.prepare(`SELECT time_ms, samples FROM tick WHERE time_ms >= ? ORDER BY time_ms LIMIT ${rowsAtOnce}`)
  for (let afterMs = fromMs; ; ) {
    const rows = next.all(afterMs) as unknown as Row[]
    const last = rows.at(-1)
    if (last === undefined) return
    yield await readBlock(rows, slices)
    afterMs = last.time_ms + 1
  }
}
