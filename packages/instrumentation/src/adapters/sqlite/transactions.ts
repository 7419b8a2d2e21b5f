import { isInTransaction, type SqliteDatabase } from '../../engines/sqlite/database.ts'
import type { Counter } from '../../metrics/counter.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import type { ParsedStatement } from './parse-statement.ts'

/** Counts the transactions of one connection that the application begins and ends, by SQL or through `transaction()`. */
export class Transactions {
  /** Successful statements that write: INSERT, REPLACE, UPDATE and DELETE. */
  writes = 0
  /** Successful statements that read or write tables. */
  successes = 0
  /** Whether the application was seen to set `PRAGMA locking_mode = exclusive`: no other connection can read then. */
  isExclusive = false
  /** Whether a transaction was seen to begin, and not to end. */
  isOpen = false
  readonly #database: SqliteDatabase
  readonly #commits: Counter
  readonly #aborts: Counter

  constructor(database: SqliteDatabase, { registry, name }: StoreContext) {
    this.#database = database
    this.#commits = registry.counter('db_transaction_commits_total', { store: name })
    this.#aborts = registry.counter('db_transaction_aborts_total', { store: name })
  }

  /** Whether the application's own connection may be what keeps others from reading the file. */
  get mayHoldLock(): boolean {
    return this.isExclusive || (isInTransaction(this.#database) ?? this.isOpen)
  }

  /** Records a statement that succeeded. */
  succeeded({ verb, endsTransaction }: Pick<ParsedStatement, 'verb' | 'endsTransaction'>): void {
    if (verb === 'begin' || verb === 'savepoint') this.isOpen = true
    else if (endsTransaction) this.#end(verb === 'commit')
    // The outermost savepoint is a transaction of its own, if there is no BEGIN.
    else if (verb === 'release' && isInTransaction(this.#database) === false) this.#end(true)
  }

  /** Records a script that succeeded. A transaction that it began and did not end is open. */
  scriptSucceeded(statements: readonly ParsedStatement[]): void {
    for (const { verb, endsTransaction } of statements) if (endsTransaction) this.#end(verb === 'commit')
    this.isOpen = isInTransaction(this.#database) === true
  }

  /** Records a failure. Some errors end the transaction: a full disk, or a conflict that is resolved by ROLLBACK. */
  failed(): void {
    if (this.isOpen && isInTransaction(this.#database) === false) this.#end(false)
  }

  #end(isCommitted: boolean): void {
    this.isOpen = false
    if (isCommitted) this.#commits.add()
    else this.#aborts.add()
  }
}
