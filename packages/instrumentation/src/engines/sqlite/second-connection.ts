import { excludeFromMeasuring } from '../../operations/store-mark.ts'
import type { SqliteDatabase } from './database.ts'

/** A connection of ours: what both packages have. */
export interface SqliteConnection {
  prepare(sql: string): { get(): unknown }
  close(): unknown
}

type ConnectionClass = new (path: string, options: object) => SqliteConnection

/** The options of both packages: read only, without waiting for locks. Both ignore what they do not know. */
const options = Object.freeze({ readOnly: true, timeout: 0 })
const betterSqliteOptions = Object.freeze({ readonly: true, fileMustExist: true, timeout: 0 })

/**
 * Reads a database's file through a connection that lives for this call only, of the same class as the application's: of the same
 * copy of SQLite. The application's connection has its authorizer, its `verbose` log, its busy timeout, its open transaction and its
 * iterators: none of them is touched or asked.
 *
 * Reading the file's header without SQLite is not possible: closing any descriptor of the file drops the locks that SQLite holds on
 * it in this process (POSIX), and the database could then be damaged. A connection that stays open is not possible either: the
 * application's would not be the last one, which removes the write-ahead log.
 *
 * @throws the errors of the package: the file is locked, is not a database, or needs a key.
 */
export function readWithSecondConnection<Result>(
  database: SqliteDatabase,
  path: string,
  read: (connection: SqliteConnection) => Result,
): Result {
  const connection = new (findClass(database))(path, typeof database.open === 'boolean' ? betterSqliteOptions : options)
  try {
    excludeFromMeasuring(connection)
    return read(connection)
  } finally {
    connection.close()
  }
}

/** Returns the values of the first row. */
export function queryRow(connection: SqliteConnection, sql: string): readonly unknown[] {
  return Object.values(connection.prepare(sql).get() as object)
}

/** Returns the package's own class: that of the application may be derived from it, and do more in its constructor. */
function findClass(database: object): ConnectionClass {
  let prototype: object = Object.getPrototypeOf(database)
  for (let parent = prototype; parent !== null && parent !== Object.prototype; parent = Object.getPrototypeOf(parent))
    prototype = parent
  return prototype.constructor as ConnectionClass
}
