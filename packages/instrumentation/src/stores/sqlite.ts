import type { StoreAdapter } from '../adapter.ts'
import { isOpen, type SqliteDatabase, SqliteReader } from '../engines/sqlite.ts'

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

  attach(database, operations) {
    operations.isOpen = whetherOpen(database)
    operations.show()
    return () => {}
  },

  stats: (database, registry, name) => new SqliteReader(database, registry, name),
}

/** Asked by the registry's gauges: so it holds the database weakly, and one that is dropped stays free to be collected. */
function whetherOpen(database: SqliteDatabase): () => boolean {
  const held = new WeakRef(database)
  return () => isOpen(held.deref())
}
