import { randomBytes } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { DatabaseOptions, Session } from './rocksdb.ts'

/** Small memtables, so that little data causes many flushes and some compactions, and all statistics of RocksDB. */
export const smallMemtables: DatabaseOptions = {
  columnFamilies: ['other'],
  enableStatistics: true,
  statsLevel: 5,
  writeBufferSize: 128 * 1024,
  enableBlobFiles: true,
  minBlobSize: 2000,
  blobFileSize: 1024 * 1024,
}

const keys = 3000
export const keyAt = (n: number): string => `key ${String(n).padStart(5, '0')}`

/** Writes every key to two column families in shuffled order. Every tenth value is large enough for a blob file. */
export async function load(db: Session): Promise<void> {
  const sessions = [db, db.columnFamily('other')]
  for (let n = 0; n < 2 * keys; n += 100) {
    const batch = (sessions[(n / 100) % 2] ?? db).write({ autoDestroy: true })
    for (let m = n; m < n + 100; m++) batch.tryPut(keyAt((m * 7919) % keys), randomBytes(m % 10 === 0 ? 3000 : 1000))
    await batch.flush()
  }
  for (const session of sessions) {
    await session.deleteRange(keyAt(100), keyAt(200))
    for (let n = 0; n < 50; n++) await session.delete(keyAt(n))
  }
}

/** Waits until the engine has no more background work. */
export async function waitUntilIdle(db: Session): Promise<void> {
  for (const session of [db, db.columnFamily('other')]) {
    await session.flush()
    await session.compactRange()
  }
  const properties = ['num-running-compactions', 'num-running-flushes', 'compaction-pending', 'mem-table-flush-pending']
  for (let quiet = 0; quiet < 3; ) {
    const waiting = await Promise.all(properties.map((name) => db.getProperty(`rocksdb.${name}`)))
    quiet = waiting.every((number) => number === '0') ? quiet + 1 : 0
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Returns count and sum of one statistic of the engine. A ticker has no sum. */
export async function statistic(db: Session, name: string): Promise<{ readonly count: number; readonly sum: number }> {
  const text = (await db.getProperty('rocksdb.options-statistics')) ?? ''
  const line = text.split('\n').find((one) => one.startsWith(`rocksdb.${name} `)) ?? ''
  const [, count = 'NaN', sum = 'NaN'] = /COUNT : (\d+)(?: SUM : (\d+))?$/.exec(line) ?? []
  return { count: Number(count), sum: Number(sum) }
}

export interface FileTotals {
  readonly count: number
  readonly bytes: number
}

/** Returns number and total size of the files in a folder with this ending. */
export async function measureFiles(folder: string, ending = ''): Promise<FileTotals> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(ending))
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size))
  return { count: names.length, bytes: sizes.reduce((sum, size) => sum + size, 0) }
}

/** Returns the number of lines in the engine's log that match. */
export async function countLogLines(folder: string, what: RegExp): Promise<number> {
  return (await readFile(join(folder, 'LOG'), 'utf8')).split('\n').filter((line) => what.test(line)).length
}

/** Writes and flushes one entry, this many times. */
export async function flushRepeatedly(db: Session, times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    await db.put(`key ${n}`, 'value')
    await db.flush()
  }
}
