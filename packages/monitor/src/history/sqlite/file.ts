import { existsSync, renameSync, rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { applicationId, migrationFrom, schemaVersion } from './schema.ts'

export type Sqlite = typeof import('node:sqlite')

/** Why a file cannot hold the history, in a sentence. */
export class HistoryFileError extends Error {
  override readonly name = 'HistoryFileError'
}

/** SQLite's own numbers of what went wrong (sqlite.org/rescode.html); the bytes above the lowest say more, and differ. */
const codes = { busy: 5, corrupt: 11, cannotOpen: 14, notADatabase: 26 } as const

function codeOf(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

/** Whether the file itself is broken, so that it cannot be written to ever again. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error)
  return code === codes.corrupt || code === codes.notADatabase
}

/** An open file, and where the damaged one went that was there before. */
export interface OpenedFile {
  readonly database: DatabaseSync
  readonly quarantinedAs: string | undefined
}

/**
 * Opens the history's file for this process alone, or makes it. A damaged one is renamed, and a fresh one takes its place.
 *
 * @throws HistoryFileError where another process writes to it, where it is not ours or of a newer version, or cannot be opened.
 */
export function openFile(sqlite: Sqlite, path: string): OpenedFile {
  try {
    return { database: opened(sqlite, path), quarantinedAs: undefined }
  } catch (error) {
    if (!isDamage(error)) throw asSentence(error, path)
  }
  const quarantinedAs = quarantine(path)
  return { database: opened(sqlite, path), quarantinedAs }
}

/** Renames a damaged file, with its journal; one that was set aside earlier goes. The name it has now. */
export function quarantine(path: string): string {
  const aside = `${path}.damaged`
  for (const suffix of ['', '-wal']) {
    rmSync(aside + suffix, { force: true })
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix)
  }
  // Where it is there, it belongs to the journal that went.
  rmSync(`${path}-shm`, { force: true })
  return aside
}

/**
 * The lock is the operating system's: it goes with the process, however that ends. The exclusive mode also keeps the
 * journal's index in this process, so that there is no third file. The journal is short, a mebibyte, because carrying it
 * over to the file is the longest that writing keeps the event loop.
 */
function opened({ DatabaseSync }: Sqlite, path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  try {
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA auto_vacuum = INCREMENTAL;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA journal_size_limit = 4194304;
      PRAGMA wal_autocheckpoint = 256;
      BEGIN IMMEDIATE; COMMIT`)
    refuseForeign(database, path)
    const version = readPragma(database, 'user_version')
    if (version > schemaVersion)
      throw new HistoryFileError(
        `${path} has version ${version}, and this installation knows versions up to ${schemaVersion}: a newer one wrote it, and would not understand what this one wrote`,
      )
    if (version < schemaVersion) database.exec(migrationFrom(version))
    // Small and read at once by whoever opens it: damage there is found here, where a fresh file can still take its place.
    database.prepare('SELECT count(name), count(labels) FROM series').get()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function refuseForeign(database: DatabaseSync, path: string): void {
  if (readPragma(database, 'application_id') === applicationId) return
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number }
  if (tables > 0) throw new HistoryFileError(`${path} is a database of something else: the history needs a file of its own`)
}

export function readPragma(database: DatabaseSync, pragma: string): number {
  return Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0] as number
}

function asSentence(error: unknown, path: string): unknown {
  if (error instanceof HistoryFileError) return error
  const code = codeOf(error)
  if (code === codes.busy)
    return new HistoryFileError(
      `${path} is in use by another process: a history has one writer, give each process a path of its own`,
    )
  const message = error instanceof Error ? error.message : String(error)
  if (code === codes.cannotOpen) return new HistoryFileError(`${path} cannot be opened: is its folder there, and writable?`)
  return new HistoryFileError(`${path} cannot be used: ${message}`)
}
