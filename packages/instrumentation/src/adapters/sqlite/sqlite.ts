import { dirname } from 'node:path'
import { findFile, isOpen, type SqliteDatabase } from '../../engines/sqlite/database.ts'
import { sqliteErrorCodes } from '../../engines/sqlite/error-codes.ts'
import { SqliteReader } from '../../engines/sqlite/reader.ts'
import { errorKind } from '../../metrics/error-type.ts'
import type { Method } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { wrapLifecycle } from '../../operations/wrap-lifecycle.ts'
import type { StoreAdapter } from '../adapter.ts'
import { createProbe } from './probe.ts'
import { Statements } from './statements.ts'
import { measureTagStores } from './tag-store.ts'
import { measureTransaction } from './transaction-function.ts'

/**
 * SQLite databases of `node:sqlite` and better-sqlite3: their SQL statements, what the statements are as operations, and the
 * engine's own metrics. Nothing that the application can see is run on its connection: see `readWithSecondConnection`.
 *
 * Every executed statement is counted and timed by its verb and its text without values. In addition, it is an operation if it reads
 * or writes tables:
 *
 * - SELECT through `get` is a get. Through another method it is a scan, with its rows as entries. `iterate` is one scan, until the
 *   last row, `return`, or garbage collection.
 * - INSERT, REPLACE and UPDATE are sets, and DELETE is a delete, through any method, and however many rows they change.
 * - A call of a function of better-sqlite3's `transaction()` is a batch, with the number of these statements as entries; so is an
 *   `exec` of several statements of which at least one writes. The statements in a transaction are operations too, so the same
 *   rows appear as sets and as entries of a batch. Those of a script are not: SQLite reports one duration for it.
 * - Definitions, PRAGMA, BEGIN, COMMIT and the like are statements and no operations. Both packages' transactions are counted when
 *   they end.
 *
 * Time is that of the call: compiling in `prepare` is not included. Statements that were prepared before `instrument` are not
 * measured, nor are changesets, backups and extensions, and what a user-defined function runs is a part of its statement.
 */
export const sqlite: StoreAdapter<SqliteDatabase> = {
  name: 'sqlite',
  operations: ['get', 'set', 'delete', 'batch', 'scan'],
  engineMetrics: {
    sqlite: [
      ...SqliteReader.metricNames,
      'db_statements_total',
      'db_statement_errors_total',
      'db_statement_latency_seconds',
      'db_busy_seconds_total',
      'db_transaction_commits_total',
      'db_transaction_aborts_total',
    ],
  },
  packages: { 'better-sqlite3': '11, 12, 13', 'node:sqlite': 'of Node 22, 24, 26' },
  errorCodes: sqliteErrorCodes,

  matches(store): store is SqliteDatabase {
    const database = store as Partial<Record<string, unknown>>
    const isDatabase = ['prepare', 'exec', 'close'].every((name) => typeof database[name] === 'function')
    const isBetterSqlite = typeof database['open'] === 'boolean' && typeof database['pragma'] === 'function'
    return isDatabase && (typeof database['isOpen'] === 'boolean' || isBetterSqlite)
  },

  engine: () => 'sqlite',

  instrument(database, context) {
    const statements = new Statements(database, context, context.statementNames)
    const reader = new SqliteReader(database, context, () => statements.transactions.mayHoldLock)
    const patch = context.patch(database)
    patch.replace('prepare', (original) => measurePrepare(context, statements, original))
    patch.replace('exec', (original) => measureText(statements, original, ''))
    patch.replace('pragma', (original) => measureText(statements, original, 'PRAGMA '))
    patch.replace('explain', (original) => measureText(statements, original, 'EXPLAIN '))
    patch.replace('transaction', (original) => measureTransaction(database, context, statements, original))
    patch.replace('createTagStore', (original) => measureTagStores(statements, original))
    patch.replace('open', (original) => wrapLifecycle(context, 'open', original))
    patch.replace('close', (original) => wrapLifecycle(context, 'close', original))
    return {
      state: () => (isOpen(database) ? 'open' : 'closed'),
      directory() {
        const file = findFile(database)
        return file === undefined ? undefined : dirname(file)
      },
      probe: () => createProbe(database, statements.transactions),
      collect: () => reader.collect(),
      detach: () => patch.undo(),
    }
  },
}

/** Measures the statements that `prepare` returns, and counts those that cannot be compiled. */
function measurePrepare(context: StoreContext, statements: Statements, original: Method): Method {
  return function (...args) {
    const [sql] = args as unknown[]
    let statement: unknown
    try {
      statement = original.apply(this, args)
    } catch (error) {
      if (context.isMeasuring) statements.prepareFailed(sql)
      throw error
    }
    if (typeof sql !== 'string' || typeof statement !== 'object' || statement === null) return statement
    try {
      statements.forPrepared(sql).adopt(statement)
    } catch (error) {
      // The statement works all the same.
      const { registry, name } = context
      registry.warnOnce(`prepare ${name}`, `a statement of store ${name} cannot be measured: ${errorKind(error)}`)
    }
    return statement
  }
}

/** Measures a method that runs SQL; `prefix` is what it puts before its argument. */
function measureText(statements: Statements, original: Method, prefix: string): Method {
  return function (...args) {
    const [text] = args as unknown[]
    if (typeof text !== 'string') return original.apply(this, args)
    return statements
      .forScript(prefix + text)
      .wrap('exec', original)
      .apply(this, args)
  }
}
