import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { MetricName } from '../metrics/semconv.ts'
import type { MetricsRegistry } from '../registry/registry.ts'
import type { EngineReader } from './engine-reader.ts'
import { readVolume } from './files/disk-usage.ts'
import { type StateGauge, StateGauges } from './state-gauges.ts'
import { type VolumeState, volumeGauges } from './volume-gauges.ts'

/** The parts of a SQLite database that we look at, in `node:sqlite` and in better-sqlite3; neither is ever loaded. */
export interface SqliteDatabase {
  /** Of `node:sqlite`. */
  readonly isOpen?: boolean
  /** Of better-sqlite3; in `node:sqlite` a method. */
  readonly open?: unknown
  prepare(sql: string): { get(): unknown }
}

interface Pages {
  readonly tableBytes: number
  readonly freeBytes: number
  /** The file's absolute path; empty where the database is in memory. */
  readonly file: string
}

interface SqliteState extends Pages, VolumeState {
  readonly walBytes?: number | undefined
  readonly diskBytes?: number | undefined
}

const gauges: ReadonlyArray<StateGauge<SqliteState>> = [
  { name: 'db_sstable_bytes', value: (state) => state.tableBytes },
  { name: 'db_free_bytes', value: (state) => state.freeBytes },
  { name: 'db_wal_bytes', value: (state) => state.walBytes },
  { name: 'db_total_disk_bytes', value: (state) => state.diskBytes },
  ...volumeGauges,
]

const question = `SELECT page_count, freelist_count, page_size, (SELECT file FROM pragma_database_list WHERE name = 'main')
  FROM pragma_page_count, pragma_freelist_count, pragma_page_size`

/**
 * What SQLite says of its main database: pages in use, pages free for reuse (`VACUUM` gives them back), and its files. Of its
 * memory it says nothing that belongs to one database. Nothing is said while the database is locked by another process.
 */
export class SqliteReader implements EngineReader {
  static readonly metricNames: readonly MetricName[] = gauges.map(({ name }) => name)
  readonly #database: WeakRef<SqliteDatabase>
  readonly #gauges: StateGauges<SqliteState>

  constructor(database: SqliteDatabase, registry: MetricsRegistry, name: string) {
    const held = new WeakRef(database)
    this.#database = held
    this.#gauges = new StateGauges(gauges, registry, name, () => isOpen(held.deref()))
  }

  read(): Promise<void> {
    return this.#gauges.publishFrom(async () => {
      const database = this.#database.deref()
      const pages = isOpen(database) ? pagesOf(database) : undefined
      return pages && { ...pages, ...(pages.file !== '' && (await filesOf(pages.file))) }
    })
  }

  close(): void {
    this.#gauges.release()
  }
}

export function isOpen(database: SqliteDatabase | undefined): database is SqliteDatabase {
  return database?.isOpen === true || database?.open === true
}

/** Undefined where the database cannot be read now: it is locked, or busy with something that excludes others. */
function pagesOf(database: SqliteDatabase): Pages | undefined {
  try {
    return withoutWaiting(database, () => {
      const [pages, free, pageBytes, file] = queryRow(database, question)
      const freeBytes = Number(free) * Number(pageBytes)
      return { tableBytes: Number(pages) * Number(pageBytes) - freeBytes, freeBytes, file: String(file) }
    })
  } catch {
    return undefined
  }
}

/** To wait for a lock would stop the whole process, for as long as the database was told to wait (better-sqlite3: 5 s). */
export function withoutWaiting<Result>(database: SqliteDatabase, read: () => Result): Result {
  const [timeoutMs] = queryRow(database, 'PRAGMA busy_timeout').map(Number)
  if (timeoutMs === 0) return read()
  queryRow(database, 'PRAGMA busy_timeout = 0')
  try {
    return read()
  } finally {
    queryRow(database, `PRAGMA busy_timeout = ${timeoutMs}`)
  }
}

/** One row. A database may have been told to give rows as arrays, and numbers as BigInt. */
export function queryRow(database: SqliteDatabase, sql: string): readonly unknown[] {
  const row: unknown = database.prepare(sql).get()
  return Array.isArray(row) ? row : Object.values(row as object)
}

/** Which of them there are depends on the journal mode. */
async function filesOf(file: string): Promise<Partial<SqliteState>> {
  const sizeOf = (path: string): Promise<number | undefined> =>
    stat(path).then(
      ({ size }) => size,
      () => undefined,
    )
  const [main, wal, ...others] = await Promise.all(['', '-wal', '-shm', '-journal'].map((suffix) => sizeOf(file + suffix)))
  if (main === undefined) return {}
  const diskBytes = others.reduce((sum: number, size) => sum + (size ?? 0), main + (wal ?? 0))
  return { walBytes: wal, diskBytes, ...(await readVolume(dirname(file))) }
}
