import { dirname } from 'node:path'
import { isOpen, queryRow, type SqliteDatabase, SqliteReader, withoutWaiting } from '../engines/sqlite.ts'
import type { StoreAdapter } from './adapter.ts'

/**
 * SQLite databases of `node:sqlite` and better-sqlite3. It records the engine's own metrics and no operations: SQL has no
 * get and no set. To measure the operations of a store on top of SQLite, write an adapter for that store.
 */
export const sqlite: StoreAdapter<SqliteDatabase> = {
  name: 'sqlite',
  operations: [],
  engineMetrics: { sqlite: SqliteReader.metricNames },
  packages: { 'better-sqlite3': '13', 'node:sqlite': '' },
  errorCodes: new Set(),

  matches(store): store is SqliteDatabase {
    const database = store as Partial<Record<string, unknown>>
    const isDatabase = ['prepare', 'exec', 'close'].every((name) => typeof database[name] === 'function')
    const isBetterSqlite = typeof database['open'] === 'boolean' && typeof database['pragma'] === 'function'
    return isDatabase && (typeof database['isOpen'] === 'boolean' || isBetterSqlite)
  },

  engine: () => 'sqlite',

  instrument(database, context) {
    const reader = new SqliteReader(database, context)
    return {
      state: () => (isOpen(database) ? 'open' : 'closed'),
      directory: () => readDirectory(database),
      // Read only: writing needs a table, and tables belong to the users. The schema's version is read from the file.
      probe: () => ({
        async read() {
          withoutWaiting(database, () => queryRow(database, 'PRAGMA schema_version'))
          return undefined
        },
      }),
      collect: () => reader.collect(),
      detach() {},
    }
  },
}

function readDirectory(database: SqliteDatabase): string | undefined {
  if (!isOpen(database)) return undefined
  const [file] = queryRow(database, "SELECT file FROM pragma_database_list WHERE name = 'main'")
  return typeof file === 'string' && file !== '' ? dirname(file) : undefined
}
