import { dirname } from 'node:path'
import type { MetricName } from '../../metrics/semconv.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { stat } from '../files/file-access.ts'
import { readVolume, type VolumeState, volumeGauges } from '../files/volume.ts'
import { type StateGauge, StateGauges } from '../state-gauges.ts'
import { findFile, isOpen, type SqliteDatabase } from './database.ts'
import { isBusy, sqliteErrorCode } from './error-codes.ts'
import { queryRow, readWithSecondConnection, type SqliteConnection } from './second-connection.ts'

interface Pages {
  readonly tableBytes: number
  readonly freeBytes: number
  readonly walCheckpointedBytes: number | undefined
}

interface SqliteState extends Partial<Pages>, VolumeState {
  readonly walBytes?: number | undefined
  readonly diskBytes?: number | undefined
}

const gauges: ReadonlyArray<StateGauge<SqliteState>> = [
  { name: 'db_sstable_bytes', value: (state) => state.tableBytes },
  { name: 'db_free_bytes', value: (state) => state.freeBytes },
  { name: 'db_wal_bytes', value: (state) => state.walBytes },
  { name: 'db_wal_checkpointed_bytes', value: (state) => state.walCheckpointedBytes },
  { name: 'db_total_disk_bytes', value: (state) => state.diskBytes },
  ...volumeGauges,
]

const pageQuery = `SELECT page_count, freelist_count, page_size, sqlite_version()
  FROM pragma_page_count, pragma_freelist_count, pragma_page_size`

/** Each page in the write-ahead log has a header of this size. */
const walFrameHeaderBytes = 24

/**
 * Records the metrics of a database's main file: pages in use, pages free for reuse (`VACUUM` returns them to the file
 * system), the write-ahead log, and file sizes. A database in memory has none: only its own connection can read it. SQLite
 * reports memory per process, not per database.
 */
export class SqliteReader {
  static readonly metricNames: readonly MetricName[] = gauges.map(({ name }) => name)
  readonly #database: SqliteDatabase
  readonly #gauges: StateGauges<SqliteState>
  readonly #mayHoldLock: () => boolean
  /** The file is encrypted, or no database: reading it fails each time. */
  #isUnreadable = false

  /** @param mayHoldLock returns whether the application's own connection may be what keeps others from reading. */
  constructor(database: SqliteDatabase, context: StoreContext, mayHoldLock: () => boolean) {
    this.#database = database
    this.#mayHoldLock = mayHoldLock
    this.#gauges = new StateGauges(gauges, context)
  }

  /**
   * Reads the files. The metrics of the pages are absent if they cannot be read; if that is not the application's own lock, it is
   * an error too.
   */
  async collect(): Promise<void> {
    const path = findFile(this.#database)
    if (path === undefined) return this.#gauges.publish(undefined)
    const files = await readFiles(path)
    let pages: Pages | undefined
    try {
      if (!this.#isUnreadable && files.diskBytes !== undefined && isOpen(this.#database)) {
        pages = readWithSecondConnection(this.#database, path, readPages)
      }
    } catch (error) {
      this.#isUnreadable = sqliteErrorCode(error) === 'SQLITE_NOTADB'
      if (!(isBusy(error) && this.#mayHoldLock())) throw error
    } finally {
      this.#gauges.publish({ ...pages, ...files })
    }
  }
}

function readPages(connection: SqliteConnection): Pages {
  const [pages, free, pageBytes, version] = queryRow(connection, pageQuery)
  const freeBytes = Number(free) * Number(pageBytes)
  return {
    tableBytes: Number(pages) * Number(pageBytes) - freeBytes,
    freeBytes,
    walCheckpointedBytes: canReadCheckpoint(String(version)) ? readCheckpoint(connection, Number(pageBytes)) : undefined,
  }
}

/** Before 3.51 there is no mode NOOP, and SQLite runs a checkpoint instead. */
function canReadCheckpoint(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 3 || (major === 3 && minor >= 51)
}

/** Reads how much of the write-ahead log is copied into the database; undefined if there is no log. Changes nothing. */
function readCheckpoint(connection: SqliteConnection, pageBytes: number): number | undefined {
  const [, logPages, copiedPages] = queryRow(connection, 'PRAGMA wal_checkpoint(NOOP)')
  return Number(logPages) < 0 ? undefined : Number(copiedPages) * (pageBytes + walFrameHeaderBytes)
}

/** Reads the file sizes. Which files exist depends on the journal mode. */
async function readFiles(file: string): Promise<SqliteState> {
  const sizes = ['', '-wal', '-shm', '-journal'].map(async (suffix) => (await stat(file + suffix).catch(() => undefined))?.size)
  const [main, wal, ...others] = await Promise.all(sizes)
  if (main === undefined) return {}
  const diskBytes = others.reduce((sum: number, size) => sum + (size ?? 0), main + (wal ?? 0))
  return { walBytes: wal, diskBytes, ...(await readVolume(dirname(file))) }
}
