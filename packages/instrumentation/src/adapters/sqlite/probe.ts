import { findFile, isInMemory, isOpen, type SqliteDatabase } from '../../engines/sqlite/database.ts'
import { isBusy, sqliteErrorCode } from '../../engines/sqlite/error-codes.ts'
import { queryRow, readWithSecondConnection } from '../../engines/sqlite/second-connection.ts'
import type { StoreProbe } from '../../registry/store-binding.ts'
import type { Transactions } from './transactions.ts'

/**
 * Returns how to check that the database's file can be read, through a connection of its own: it does not wait for locks, and the
 * application sees nothing of it. Read only: writing needs a table, and tables belong to the users. Undefined for a database in
 * memory: only its own connection can read it.
 */
export function createProbe(database: SqliteDatabase, transactions: Transactions): StoreProbe | undefined {
  if (isInMemory(database)) return undefined
  return {
    async read() {
      if (!isOpen(database)) throw new Error('the database is not open')
      const path = findFile(database)
      if (path === undefined) throw new Error('the file of the database is missing')
      try {
        // It reads the file's header.
        readWithSecondConnection(database, path, (connection) => queryRow(connection, 'PRAGMA schema_version'))
      } catch (error) {
        if (!isExpected(error, transactions)) throw error
      }
      return undefined
    },
  }
}

/** Whether the application's own connection can work all the same: it holds the lock, or it has the key of an encrypted file. */
function isExpected(error: unknown, transactions: Transactions): boolean {
  if (isBusy(error)) return transactions.mayHoldLock
  return sqliteErrorCode(error) === 'SQLITE_NOTADB' && transactions.successes > 0
}
