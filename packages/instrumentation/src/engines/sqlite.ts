import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { MetricName } from '../metrics/semconv.ts'
import type { StoreContext } from '../operations/store-context.ts'
import { readVolume, type VolumeState, volumeGauges } from './files/volume.ts'
import { type StateGauge, StateGauges } from './state-gauges.ts'

/** The parts of a SQLite database that are used, in `node:sqlite` and in better-sqlite3; neither package is loaded. */
export interface SqliteDatabase {
  /** Only in `node:sqlite`. */
  readonly isOpen?: boolean
  /** A boolean in better-sqlite3; a method in `node:sqlite`. */
  readonly open?: unknown
  prepare(sql: string): { get(): unknown }
}

interface Pages {
  readonly tableBytes: number
  readonly freeBytes: number
  /** The file's absolute path; empty if the database is in memory. */
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

const pageQuery = `SELECT page_count, freelist_count, page_size, (SELECT file FROM pragma_database_list WHERE name = 'main')
  FROM pragma_page_count, pragma_freelist_count, pragma_page_size`

/**
 * Records the metrics of a database's main file: pages in use, pages free for reuse (`VACUUM` returns them to the file
 * system), and file sizes. SQLite reports memory per process, not per database. While another process locks the database,
 * the metrics are absent.
 */
export class SqliteReader {
  static readonly metricNames: readonly MetricName[] = gauges.map(({ name }) => name)
  readonly #database: SqliteDatabase
  readonly #gauges: StateGauges<SqliteState>

  constructor(database: SqliteDatabase, context: StoreContext) {
    this.#database = database
    this.#gauges = new StateGauges(gauges, context)
  }

  /** Reads the database and its files. */
  collect(): Promise<void> {
    return this.#gauges.publishFrom(async () => {
      const pages = isOpen(this.#database) ? readPages(this.#database) : undefined
      return pages && { ...pages, ...(pages.file !== '' && (await readFiles(pages.file))) }
    })
  }
}

/** Returns whether the database is open, in either package. */
export function isOpen(database: SqliteDatabase): boolean {
  return database.isOpen === true || database.open === true
}

/** Reads the page counts; undefined if the database is locked. */
function readPages(database: SqliteDatabase): Pages | undefined {
  try {
    return withoutWaiting(database, () => {
      const [pages, free, pageBytes, file] = queryRow(database, pageQuery)
      const freeBytes = Number(free) * Number(pageBytes)
      return { tableBytes: Number(pages) * Number(pageBytes) - freeBytes, freeBytes, file: String(file) }
    })
  } catch {
    return undefined
  }
}

/**
 * Runs `read` without waiting for locks. Waiting would block the whole process for as long as the database's busy timeout
 * (better-sqlite3: 5 s).
 */
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

/** Returns the values of the first row. A database may be configured to return rows as arrays, and numbers as BigInt. */
export function queryRow(database: SqliteDatabase, sql: string): readonly unknown[] {
  const row: unknown = database.prepare(sql).get()
  return Array.isArray(row) ? row : Object.values(row as object)
}

/** Reads the file sizes. Which files exist depends on the journal mode. */
async function readFiles(file: string): Promise<Partial<SqliteState>> {
  const sizes = ['', '-wal', '-shm', '-journal'].map(async (suffix) => (await stat(file + suffix).catch(() => undefined))?.size)
  const [main, wal, ...others] = await Promise.all(sizes)
  if (main === undefined) return {}
  const diskBytes = others.reduce((sum: number, size) => sum + (size ?? 0), main + (wal ?? 0))
  return { walBytes: wal, diskBytes, ...(await readVolume(dirname(file))) }
}
