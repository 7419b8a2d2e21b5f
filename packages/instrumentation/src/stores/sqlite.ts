import { dirname } from 'node:path'
import type { StoreAdapter } from '../adapter.ts'
import { answerTo, isOpen, type SqliteDatabase, SqliteReader, withoutWaiting } from '../engines/sqlite.ts'

/**
 * A SQLite database, of `node:sqlite` or better-sqlite3, with what the engine says of itself and nothing else. SQL has no
 * get and no set to be measured: a store on top of SQLite knows what its operations are, and has (or is) an adapter for them.
 * So there are no operations, no queue and no iterators to be shown either.
 */
export const sqlite: StoreAdapter<SqliteDatabase> = {
  name: 'sqlite',
  operations: [],
  supplies: { sqlite: SqliteReader.supplies },
  knownErrors: new Set(),

  accepts(store) {
    const database = store as Partial<Record<string, unknown>>
    const isDatabase = ['prepare', 'exec', 'close'].every((name) => typeof database[name] === 'function')
    const isBetterSqlite = typeof database['open'] === 'boolean' && typeof database['pragma'] === 'function'
    return isDatabase && (typeof database['isOpen'] === 'boolean' || isBetterSqlite)
  },

  engineOf: () => 'sqlite',

  isOpen,

  folderOf(database) {
    if (!isOpen(database)) return undefined
    const [file] = answerTo(database, "SELECT file FROM pragma_database_list WHERE name = 'main'")
    return typeof file === 'string' && file !== '' ? dirname(file) : undefined
  },

  // Only a table could be written, and tables are the users' own. The schema's version stands in the file.
  probe: (database) => ({
    async read() {
      withoutWaiting(database, () => answerTo(database, 'PRAGMA schema_version'))
      return undefined
    },
  }),

  attach(_database, operations) {
    operations.show()
    return () => {}
  },

  stats: (database, registry, name) => new SqliteReader(database, registry, name),
}
