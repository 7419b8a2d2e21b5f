import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { excludeFromMeasuring } from '@wombat/instrumentation/internal'
import { errorMessage } from '../../validation/error-message.ts'
import { DamageError, tables as ownTables } from './rows.ts'
import { applicationId, createMigration, schemaVersion } from './schema.ts'
import { verifySchema, verifyStructure } from './verify.ts'

/** The module `node:sqlite`, which is imported only if a history file is configured: Node 22 prints a warning then. */
export type Sqlite = typeof import('node:sqlite')

/** A file cannot be used as history. */
export class HistoryFileError extends Error {
  override readonly name = 'HistoryFileError'
}

/** Primary result codes of SQLite (sqlite.org/rescode.html). They are the lowest byte of the extended codes. */
const resultCodes = { busy: 5, locked: 6, outOfMemory: 7, corrupt: 11, full: 13, notADatabase: 26 } as const

/** The errors of a whole file. Once the file itself was found accessible, every other error while it is opened means damage. */
const codesOfWholeFiles: readonly number[] = [resultCodes.busy, resultCodes.locked, resultCodes.outOfMemory, resultCodes.full]

const pageBytes = 4096
const applicationIdOffset = 68
const ownerOnly = 0o600

function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & 0xff : undefined
}

/** Returns whether an error means that the file is damaged, so that every further write fails as well. */
export function isDamageError(error: unknown): boolean {
  // A number of SQLite that no number of JavaScript can be.
  if (error instanceof DamageError || (error as { code?: unknown } | null)?.code === 'ERR_OUT_OF_RANGE') return true
  const code = resultCode(error)
  return code === resultCodes.corrupt || code === resultCodes.notADatabase
}

/** Returns whether an error while a file is opened, or read for the first time, means that it is damaged. */
export function isDamageOnOpen(error: unknown): boolean {
  if (error instanceof HistoryFileError) return false
  const code = resultCode(error)
  return code === undefined ? isDamageError(error) : !codesOfWholeFiles.includes(code)
}

/** Returns the path of the set-aside copy of a damaged file. */
export function damagedPath(path: string): string {
  return `${path}.damaged`
}

/** Returns the path of the file into which what is whole of a damaged file is copied. */
export function rebuiltPath(path: string): string {
  return `${path}.rebuilt`
}

/**
 * Renames a damaged file and its journal; replaces one that was set aside earlier. A symbolic link is renamed, not what it leads to. Returns
 * the new path.
 */
export function setAside(path: string): string {
  const asidePath = damagedPath(path)
  for (const suffix of ['', '-wal']) {
    rmSync(asidePath + suffix, { force: true })
    if (lstatSync(path + suffix, { throwIfNoEntry: false }) !== undefined) renameSync(path + suffix, asidePath + suffix)
  }
  // The index of the journal that was renamed.
  rmSync(`${path}-shm`, { force: true })
  return asidePath
}

/** Removes a database and its journal. */
export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
}

/**
 * Checks the directory and the file before they are used, and creates the file if there is none, readable for its owner alone: SQLite gives
 * its journal the same permissions.
 *
 * @throws HistoryFileError with what is wrong.
 */
export function prepareLocation(path: string): void {
  const directory = dirname(path)
  const folder = statSync(directory, { throwIfNoEntry: false })
  if (folder === undefined) {
    throw new HistoryFileError(`${path} cannot be opened: check that its directory exists, ${directory} does not`)
  }
  if (!folder.isDirectory()) throw new HistoryFileError(`${path} cannot be opened: ${directory} is not a directory`)
  const file = lstatSync(path, { throwIfNoEntry: false })
  if (file?.isSymbolicLink() === true && !existsSync(path)) {
    throw new HistoryFileError(
      `${path} is a symbolic link to a file that does not exist: create that file, or remove the link. A link is not followed to create a file`,
    )
  }
  if (file !== undefined && !statSync(path).isFile()) throw new HistoryFileError(`${path} is not a file: choose another path`)
  // SQLite creates its journal beside the file.
  assertAccess(path, directory, constants.W_OK | constants.X_OK, `its directory ${directory} is not writable for this process`)
  if (file !== undefined)
    assertAccess(path, path, constants.R_OK | constants.W_OK, 'it is not readable and writable for this process')
  try {
    const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT, ownerOnly)
    try {
      // The process may not own a file that it may write to. One of another application, named by mistake, must not change.
      if ((fstatSync(descriptor).mode & 0o077) !== 0 && isOwnFile(descriptor)) fchmodSync(descriptor, ownerOnly)
    } catch {
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    throw new HistoryFileError(`${path} cannot be opened: ${errorMessage(error)}`)
  }
}

/** Returns whether a file is empty, or has the mark of a history where SQLite keeps it (sqlite.org/fileformat.html#database_header). */
function isOwnFile(descriptor: number): boolean {
  const header = Buffer.alloc(applicationIdOffset + 4)
  const size = readSync(descriptor, header, 0, header.length, 0)
  return size === 0 || header.readUInt32BE(applicationIdOffset) === applicationId
}

/**
 * Opens a history file for this process alone, and creates or upgrades its tables.
 *
 * The lock is held by the operating system, so it ends with the process, however that ends. The exclusive mode also keeps the
 * index of the journal in memory instead of a third file. The journal is limited to 1 MiB because a checkpoint is the longest time
 * that a write blocks the event loop.
 *
 * @throws DamageError or an error of SQLite: see `isDamageOnOpen`. HistoryFileError if it is a database of another application or of a
 * newer version.
 */
export function openDatabase(sqlite: Sqlite, path: string): DatabaseSync {
  const database = openExclusively(sqlite, path)
  try {
    const { tables } = database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() as { tables: number }
    const version = readPragma(database, 'user_version')
    if (tables === 0) {
      if (readPragma(database, 'page_count') > 1) throw new DamageError('the schema is missing')
      database.exec(createMigration(0))
    } else {
      assertOwnDatabase(database, path)
      if (version > schemaVersion && !hasOwnSchema(sqlite, database)) {
        throw new HistoryFileError(
          `${path} has version ${version}, but this release supports versions up to ${schemaVersion}: upgrade @wombat/monitor or use another file`,
        )
      }
      if (version !== schemaVersion) {
        if (!(version >= 1 && version < schemaVersion)) throw new DamageError(`the version is ${version}`)
        database.exec(createMigration(version))
      }
    }
    verifyStructure(sqlite, database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Returns the path of the copy of a damaged file whose first page is replaced. */
export function repairedPath(path: string): string {
  return `${path}.repaired`
}

/**
 * Opens a damaged file, as far as it can be. If it does not have the schema, a copy is opened whose first page is that of a new file: every
 * file of this version has the same tables at the same places. Undefined if nothing of it can be read.
 */
export async function openDamaged(sqlite: Sqlite, path: string, templatePath: string): Promise<DatabaseSync | undefined> {
  const damaged = openWithOwnSchema(sqlite, damagedPath(path))
  if (damaged !== undefined) return damaged
  const copyPath = repairedPath(path)
  removeDatabase(copyPath)
  try {
    await copyFile(damagedPath(path), copyPath, constants.COPYFILE_FICLONE)
    const journal = `${damagedPath(path)}-wal`
    if (existsSync(journal)) await copyFile(journal, `${copyPath}-wal`, constants.COPYFILE_FICLONE)
    replaceFirstPage(copyPath, templatePath)
  } catch {
    return undefined
  }
  return openWithOwnSchema(sqlite, copyPath)
}

function openWithOwnSchema(sqlite: Sqlite, path: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined
  try {
    database = openExclusively(sqlite, path)
    const version = readPragma(database, 'user_version')
    if (version >= 1 && version < schemaVersion) database.exec(createMigration(version))
    verifySchema(sqlite, database)
    return database
  } catch {
    closeQuietly(database)
    return undefined
  }
}

/** Closes a database whose file may be damaged. */
export function closeQuietly(database: DatabaseSync | undefined): void {
  try {
    database?.close()
  } catch {
    // It is closed already, or its last pages cannot be written: that was reported when it happened.
  }
}

function openExclusively({ DatabaseSync }: Sqlite, path: string): DatabaseSync {
  const database = new DatabaseSync(path)
  // It is no store of the application, also if the preload finds the stores of node:sqlite.
  excludeFromMeasuring(database)
  try {
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA cell_size_check = ON;
      PRAGMA page_size = ${pageBytes};
      PRAGMA auto_vacuum = INCREMENTAL;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = NORMAL;
      PRAGMA journal_size_limit = 4194304;
      PRAGMA wal_autocheckpoint = 256;
      BEGIN IMMEDIATE; COMMIT`)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Copies the first page of a file, with the header and the schema, to another one, which keeps its size. */
function replaceFirstPage(path: string, templatePath: string): void {
  const page = Buffer.alloc(pageBytes)
  const template = openSync(templatePath, 'r')
  readSync(template, page, 0, pageBytes, 0)
  closeSync(template)
  // With two change counters that differ, SQLite takes the number of pages from the size of the file.
  page.writeUInt32BE(1, 24)
  page.writeUInt32BE(0, 92)
  // No free pages.
  page.fill(0, 32, 40)
  const { size } = statSync(path)
  truncateSync(path, Math.max(pageBytes, size - (size % pageBytes)))
  const file = openSync(path, 'r+')
  writeSync(file, page, 0, pageBytes, 0)
  closeSync(file)
}

function hasOwnSchema(sqlite: Sqlite, database: DatabaseSync): boolean {
  try {
    verifySchema(sqlite, database)
    return true
  } catch {
    return false
  }
}

function assertOwnDatabase(database: DatabaseSync, path: string): void {
  if (readPragma(database, 'application_id') === applicationId) return
  const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as unknown as { name: string }[]
  const own = names.filter(({ name }) => name in ownTables).length
  if (own > 1) throw new DamageError('the file does not have the mark of a history')
  throw new HistoryFileError(`${path} is a database of another application: give the history a file of its own`)
}

/** Returns the number that a PRAGMA returns. */
export function readPragma(database: DatabaseSync, pragma: string): number {
  return Object.values(database.prepare(`PRAGMA ${pragma}`).get() ?? {})[0] as number
}

/** Returns the error for a file that cannot be used. */
export function toHistoryFileError(error: unknown, path: string): HistoryFileError {
  if (error instanceof HistoryFileError) return error
  if (resultCode(error) === resultCodes.busy) {
    return new HistoryFileError(`${path} is in use by another process: give each process its own history file`)
  }
  return new HistoryFileError(`${path} cannot be used: ${errorMessage(error)}`)
}

function assertAccess(path: string, target: string, mode: number, problem: string): void {
  try {
    accessSync(target, mode)
  } catch (error) {
    throw new HistoryFileError(`${path} cannot be opened: ${problem} (${errorMessage(error)})`)
  }
}
