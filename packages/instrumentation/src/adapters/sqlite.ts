import { dirname } from 'node:path'
import { isOpen, queryRow, type SqliteDatabase, SqliteReader, withoutWaiting } from '../engines/sqlite.ts'
import type { StoreAdapter } from './adapter.ts'

/**
 * A SQLite database, of `node:sqlite` or better-sqlite3, with what the engine says of itself and nothing else. SQL has no
 * get and no set to be measured: a store on top of SQLite knows what its operations are, and has (or is) an adapter for them.
 * So there are no operations, no queue and no iterators to be shown either.
 */
export const sqlite: StoreAdapter<SqliteDatabase> = {
  name: 'sqlite',
  operations: [],
  engineMetrics: { sqlite: SqliteReader.metricNames },
  errorCodes: new Set(),

  matches(store) {
    const database = store as Partial<Record<string, unknown>>
    const isDatabase = ['prepare', 'exec', 'close'].every((name) => typeof database[name] === 'function')
    const isBetterSqlite = typeof database['open'] === 'boolean' && typeof database['pragma'] === 'function'
    return isDatabase && (typeof database['isOpen'] === 'boolean' || isBetterSqlite)
  },

  engine: () => 'sqlite',

  isOpen,

  directory(database) {
    if (!isOpen(database)) return undefined
    const [file] = queryRow(database, "SELECT file FROM pragma_database_list WHERE name = 'main'")
    return typeof file === 'string' && file !== '' ? dirname(file) : undefined
  },

  // Only a table could be written, and tables are the users' own. The schema's version stands in the file.
  probe: (database) => ({
    async read() {
      withoutWaiting(database, () => queryRow(database, 'PRAGMA schema_version'))
      return undefined
    },
  }),

  attach(_database, operations) {
    operations.publishGauges()
    return () => {}
  },

  stats: (database, registry, name) => new SqliteReader(database, registry, name),
}
