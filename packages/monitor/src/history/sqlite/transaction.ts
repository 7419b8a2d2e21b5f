import { statfsSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

/** Runs writes in one transaction, which is rolled back if they throw. */
export function transaction(database: DatabaseSync, write: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    write()
    database.exec('COMMIT')
  } catch (error) {
    // SQLite may have rolled back already, for example when the disk is full.
    try {
      database.exec('ROLLBACK')
    } catch {}
    throw error
  }
}

/**
 * Checks the free space on the file system of a directory before a write: the application needs the disk more than its history.
 *
 * @throws Error with the free space.
 */
export function assertFreeSpace(directory: string, minFreeBytes: number): void {
  const { bavail, bsize, blocks } = statfsSync(directory)
  // Some file systems report no size.
  if (blocks === 0) return
  const freeBytes = bavail * bsize
  if (freeBytes < minFreeBytes) {
    const [free, min] = [Math.floor(freeBytes / 2 ** 20), Math.ceil(minFreeBytes / 2 ** 20)]
    throw new Error(`only ${free} MiB are free at ${directory}: nothing is written below ${min} MiB`)
  }
}
