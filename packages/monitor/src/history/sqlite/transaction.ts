import type { DatabaseSync } from 'node:sqlite'

/** All of this work, or, where it throws, nothing. */
export function transaction(database: DatabaseSync, work: () => void): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    work()
    database.exec('COMMIT')
  } catch (error) {
    // SQLite itself may have taken everything back already, as it does where the disk is full.
    try {
      database.exec('ROLLBACK')
    } catch {}
    throw error
  }
}
