import { existsSync, renameSync, rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { excludeFromMeasuring } from '@wombat/instrumentation/internal'
import { errorMessage } from '../../validation/error-message.ts'
import { applicationId, createMigration, schemaVersion } from './schema.ts'

/** The module `node:sqlite`, which is imported only if a history file is configured: Node 22 prints a warning then. */
export type Sqlite = typeof import('node:sqlite')

/** A file cannot be used as history. */
export class HistoryFileError extends Error {
  override readonly name = 'HistoryFileError'
}

/** Primary result codes of SQLite (sqlite.org/rescode.html). They are the lowest byte of the extended codes. */
const resultCodes = { busy: 5, corrupt: 11, cannotOpen: 14, notADatabase: 26 } as const

function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

/** Returns whether an error means that the file is damaged, so that every further write fails as well. */
export function isDamageError(error: unknown): boolean {
  const code = resultCode(error)
  return code === resultCodes.corrupt || code === resultCodes.notADatabase
}

/** An open file. */
export interface OpenedFile {
  readonly database: DatabaseSync
  /** Path of the damaged file that it replaces; undefined if the file was not damaged. */
  readonly quarantinedAs: string | undefined
}

/**
 * Opens or creates a history file for this process alone. A damaged file is renamed and replaced by a new one.
 *
 * @throws HistoryFileError if another process uses the file, if it is a database of another application or of a newer version, or
 * if it cannot be opened.
 */
export function openFile(sqlite: Sqlite, path: string): OpenedFile {
  try {
    return { database: openDatabase(sqlite, path), quarantinedAs: undefined }
  } catch (error) {
    if (!isDamageError(error)) throw toHistoryFileError(error, path)
  }
  const quarantinedAs = quarantine(path)
  return { database: openDatabase(sqlite, path), quarantinedAs }
}

/** Renames a damaged file and its journal; replaces one that was quarantined earlier. Returns the new path. */
export function quarantine(path: string): string {
  const quarantinedAs = `${path}.damaged`
  for (const suffix of ['', '-wal']) {
    rmSync(quarantinedAs + suffix, { force: true })
    if (existsSync(path + suffix)) renameSync(path + suffix, quarantinedAs + suffix)
  }
  // The index of the journal that was renamed.
  rmSync(`${path}-shm`, { force: true })
  return quarantinedAs
}

/**
 * The lock is held by the operating system, so it ends with the process, however that ends. The exclusive mode also keeps the
 * index of the journal in memory instead of a third file. The journal is limited to 1 MiB because a checkpoint is the longest time
 * that a write blocks the event loop.
 */
function openDatabase({ DatabaseSync }: Sqlite, path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  // It is no store of the application, also if the preload finds the stores of node:sqlite.
  excludeFromMeasuring(database)
  try {
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA auto_vacuum = INCREMENTAL;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA journal_size_limit = 4194304;
      PRAGMA wal_autocheckpoint = 256;
      BEGIN IMMEDIATE; COMMIT`)
    assertOwnDatabase(database, path)
    const version = readPragma(database, 'user_version')
    if (version > schemaVersion) {
      throw new HistoryFileError(
        `${path} has version ${version}, but this release supports versions up to ${schemaVersion}: upgrade @wombat/monitor or use another file`,
      )
    }
    if (version < schemaVersion) database.exec(createMigration(version))
    // Every process reads this small table at once: damage found here can still be handled by a new file.
    database.prepare('SELECT count(name), count(labels) FROM series').get()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

function assertOwnDatabase(database: DatabaseSync, path: string): void {
  if (readPragma(database, 'application_id') === applicationId) return
  const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number }
  if (tables > 0) {
    throw new HistoryFileError(`${path} is a database of another application: give the history a file of its own`)
  }
}

/** Returns the number that a PRAGMA returns. */
export function readPragma(database: DatabaseSync, pragma: string): number {
  return Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0] as number
}

function toHistoryFileError(error: unknown, path: string): HistoryFileError {
  if (error instanceof HistoryFileError) return error
  const code = resultCode(error)
  if (code === resultCodes.busy) {
    return new HistoryFileError(`${path} is in use by another process: give each process its own history file`)
  }
  if (code === resultCodes.cannotOpen) {
    return new HistoryFileError(`${path} cannot be opened: check that its directory exists and is writable`)
  }
  return new HistoryFileError(`${path} cannot be used: ${errorMessage(error)}`)
}
