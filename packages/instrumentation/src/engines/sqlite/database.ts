import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'

/** The parts of a SQLite database that are used, in `node:sqlite` and in better-sqlite3; neither package is loaded. */
export interface SqliteDatabase {
  /** Only in `node:sqlite`. */
  readonly isOpen?: boolean
  /** A boolean in better-sqlite3; a method in `node:sqlite`. */
  readonly open?: unknown
  /** Only in `node:sqlite`, from Node 22.16 on. */
  readonly isTransaction?: boolean
  /** Only in better-sqlite3, as the three after it. */
  readonly inTransaction?: boolean
  readonly memory?: boolean
  readonly name?: string
  /** Only in `node:sqlite`, from Node 22.16 on: the absolute path; null if the database is in memory. Throws if it is closed. */
  location?(): string | null
  prepare(sql: string): unknown
}

/** Returns whether the database is open, in either package. */
export function isOpen(database: SqliteDatabase): boolean {
  return database.isOpen === true || database.open === true
}

/** Returns whether the database is in a transaction; undefined on Node before 22.16. */
export function isInTransaction(database: SqliteDatabase): boolean | undefined {
  try {
    return database.inTransaction ?? database.isTransaction
  } catch {
    // It is closed.
    return false
  }
}

/** Returns whether an open database has no file. */
export function isInMemory(database: SqliteDatabase): boolean {
  return database.memory ?? readName(database) === ''
}

/**
 * Returns the absolute path of an open database's main file, with links resolved: the files beside it are beside the real one.
 * Undefined if it has no file, or is not open. It asks the connection, not the file, and waits for no lock.
 */
export function findFile(database: SqliteDatabase): string | undefined {
  if (!isOpen(database) || isInMemory(database)) return undefined
  const name = readName(database)
  // A URI needs a parser of its own, and better-sqlite3 treats it as a name unless it was compiled otherwise.
  if (typeof name !== 'string' || name === '' || name.startsWith('file:')) return undefined
  try {
    return realpathSync(resolve(name))
  } catch {
    return undefined
  }
}

/** Returns the name of an open database's main file; empty if it has none. */
function readName(database: SqliteDatabase): string | undefined {
  if (typeof database.location === 'function') return database.location() ?? ''
  if (typeof database.isOpen !== 'boolean') return database.name
  // Before 22.16, Node has no authorizer and no channel either that would show this to the application; it reads no file. The
  // method of the class is not measured.
  const { prepare } = Object.getPrototypeOf(database) as SqliteDatabase
  return (prepare.call(database, 'PRAGMA database_list') as { get(): { file: string } }).get().file
}
