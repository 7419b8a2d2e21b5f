import { isInTransaction, type SqliteDatabase } from '../../engines/sqlite/database.ts'
import { sqliteErrorCode, withErrorCode } from '../../engines/sqlite/error-codes.ts'
import { nowMs } from '../../operations/clock.ts'
import type { Method } from '../../operations/method-patch.ts'
import type { OperationRecorder } from '../../operations/recorder.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { withSpan } from '../../otel/span.ts'
import type { StatementRecorder } from './statement-recorder.ts'
import type { Statements } from './statements.ts'

/** The statements that a function of `transaction()` runs itself, for one of its versions. */
interface ControlStatements {
  readonly begin: StatementRecorder
  readonly commit: StatementRecorder
  readonly rollback: StatementRecorder
}

/** The statement with which each version begins. A version that is not known begins with BEGIN. */
const beginStatements: Readonly<Record<string, string>> = {
  deferred: 'BEGIN DEFERRED',
  immediate: 'BEGIN IMMEDIATE',
  exclusive: 'BEGIN EXCLUSIVE',
}

/**
 * Wraps better-sqlite3's `transaction`. Each call of a function that it returns is one batch, from BEGIN to COMMIT or ROLLBACK, with
 * the number of statements that wrote as its entries; inside of another transaction it is a savepoint and no batch.
 */
export function measureTransaction(
  database: SqliteDatabase,
  context: StoreContext,
  statements: Statements,
  original: Method,
): Method {
  const measurement: Measurement = { database, context, statements, batches: context.recorder('batch') }
  return function (...args) {
    const [body] = args as unknown[]
    // It throws then.
    if (typeof body !== 'function') return original.apply(this, args)
    const calls = new TransactionCalls(measurement, body as Method)
    return calls.wrapVersions(original.apply(this, [calls.body, ...args.slice(1)] as never[]))
  }
}

interface Measurement {
  readonly database: SqliteDatabase
  readonly context: StoreContext
  readonly statements: Statements
  readonly batches: OperationRecorder
}

/** The calls of one transaction function. */
class TransactionCalls {
  /** The application's function as better-sqlite3 calls it: after BEGIN. */
  readonly body: Method
  readonly #measurement: Measurement
  /** The call whose body was not called yet. */
  #starting: TransactionCall | undefined

  constructor(measurement: Measurement, body: Method) {
    this.#measurement = measurement
    const calls = this
    this.body = function (...args) {
      const call = calls.#starting
      calls.#starting = undefined
      if (call === undefined) return body.apply(this, args)
      call.began()
      try {
        const result = body.apply(this, args)
        call.bodyEnded(false)
        return result
      } catch (error) {
        call.bodyEnded(true)
        throw error
      }
    }
  }

  /** Returns the function with all its versions, which are properties of each other, wrapped. */
  wrapVersions(versions: unknown): unknown {
    if (typeof versions !== 'function') return versions
    const descriptors = Object.getOwnPropertyDescriptors(versions)
    const wrappers = new Map<unknown, Method>()
    for (const [name, { value }] of Object.entries(descriptors)) {
      if (typeof value === 'function') wrappers.set(value, this.#wrapVersion(value as Method, name))
    }
    for (const [version, wrapper] of wrappers) {
      for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(version as object))) {
        const value: unknown = wrappers.get(descriptor.value) ?? descriptor.value
        Object.defineProperty(wrapper, name, { ...descriptor, value })
      }
    }
    return wrappers.get(versions) ?? versions
  }

  #wrapVersion(version: Method, name: string): Method {
    const { context, statements } = this.#measurement
    const outer: ControlStatements = controls(statements, beginStatements[name] ?? 'BEGIN', 'COMMIT', 'ROLLBACK')
    const nested: ControlStatements = controls(statements, 'SAVEPOINT a', 'RELEASE a', 'ROLLBACK TO a')
    const calls = this
    return function (...args) {
      if (!context.isMeasuring) return version.apply(this, args)
      return calls.#run(outer, nested, () => version.apply(this, args))
    }
  }

  #run(outer: ControlStatements, nested: ControlStatements, run: () => unknown): unknown {
    const { database, context, statements, batches } = this.#measurement
    const isOuter = isInTransaction(database) !== true
    const call = new TransactionCall(isOuter ? outer : nested, !isOuter)
    const writes = statements.transactions.writes
    const span = isOuter ? batches.startSpan() : undefined
    const isTimed = isOuter && batches.shouldTime()
    const before = this.#starting
    this.#starting = call
    try {
      const result = withSpan(span, run, context.registry.observer.onTracerFailure)
      call.committed()
      const entries = statements.transactions.writes - writes
      if (isTimed) batches.recordSuccess(call.seconds, entries, { startMs: call.startMs, span })
      else if (isOuter) batches.countSuccess(entries, span)
      return result
    } catch (error) {
      call.failed(error, isOuter ? statements.transactions.isOpen : isInTransaction(database) === true)
      const coded = withErrorCode(error)
      if (isTimed) batches.recordFailure(call.seconds, coded, { startMs: call.startMs, span })
      else if (isOuter) batches.countFailure(coded, span)
      throw error
    } finally {
      this.#starting = before
    }
  }
}

function controls(statements: Statements, begin: string, commit: string, rollback: string): ControlStatements {
  return { begin: statements.recorderOf(begin), commit: statements.recorderOf(commit), rollback: statements.recorderOf(rollback) }
}

/** One call of a transaction function. Records the statements that begin and end the transaction. */
class TransactionCall {
  readonly startMs = nowMs()
  readonly #statements: ControlStatements
  readonly #isSavepoint: boolean
  #bodyEndMs: number | undefined
  #isBodyFailed = false
  #hasBegun = false

  constructor(statements: ControlStatements, isSavepoint: boolean) {
    this.#statements = statements
    this.#isSavepoint = isSavepoint
  }

  /** The duration until now. */
  get seconds(): number {
    return (nowMs() - this.startMs) / 1000
  }

  began(): void {
    this.#hasBegun = true
    this.#statements.begin.recordSuccess(this.seconds)
  }

  bodyEnded(isFailed: boolean): void {
    this.#bodyEndMs = nowMs()
    this.#isBodyFailed = isFailed
  }

  committed(): void {
    this.#statements.commit.recordSuccess(this.#endSeconds)
  }

  /**
   * Records how a failed call ended: what failed, and the statements that undid it.
   *
   * @param isOpen whether the transaction was not ended by an error before, so that better-sqlite3 ended it.
   */
  failed(error: unknown, isOpen: boolean): void {
    const { begin, commit, rollback } = this.#statements
    if (!this.#hasBegun) {
      begin.recordFailure(this.seconds, error)
      return
    }
    const endSeconds = this.#endSeconds
    if (isOpen) {
      rollback.recordSuccess(endSeconds)
      // A savepoint that was rolled back is released.
      if (this.#isSavepoint) commit.countSuccess()
    }
    // An error of SQLite after the body has returned is that of COMMIT.
    if (!this.#isBodyFailed && sqliteErrorCode(error) !== undefined) commit.recordFailure(endSeconds, error)
  }

  get #endSeconds(): number {
    return (nowMs() - (this.#bodyEndMs ?? this.startMs)) / 1000
  }
}
