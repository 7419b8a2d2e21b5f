import type { Span } from '@opentelemetry/api'
import { isBusy, sqliteErrorCode, withErrorCode } from '../../engines/sqlite/error-codes.ts'
import type { Counter } from '../../metrics/counter.ts'
import type { CallDetails, CallRecorder, OperationRecorder } from '../../operations/recorder.ts'
import type { ParsedStatement } from './parse-statement.ts'
import type { StatementSeries, StatementSeriesReference, StatementSeriesSet } from './statement-series.ts'
import type { Transactions } from './transactions.ts'

/** What the recorders of all statements of one store share. */
export interface StatementStore {
  readonly series: StatementSeriesSet
  readonly transactions: Transactions
  readonly busySeconds: Counter
}

/** The statement as it is recorded. */
export interface StatementIdentity extends Pick<ParsedStatement, 'verb' | 'endsTransaction'> {
  /** The statements of a script; undefined if it is one statement. */
  readonly script?: readonly ParsedStatement[] | undefined
}

/** Records one statement, and the operation that it is. A statement that is no operation is always timed. */
export class StatementRecorder implements CallRecorder {
  readonly #store: StatementStore
  readonly #identity: StatementIdentity
  readonly #operation: OperationRecorder | undefined
  readonly #isWrite: boolean
  readonly #changesTransaction: boolean
  /** How many entries a batch writes; undefined for another operation. */
  readonly #batchEntries: number | undefined
  readonly #series: StatementSeriesReference

  constructor(
    store: StatementStore,
    identity: StatementIdentity,
    series: StatementSeriesReference,
    operation: OperationRecorder | undefined,
  ) {
    const { verb, script, endsTransaction } = identity
    this.#store = store
    this.#identity = identity
    this.#series = series
    this.#operation = operation
    this.#isWrite = operation?.operation === 'set' || operation?.operation === 'delete'
    this.#changesTransaction =
      endsTransaction || script !== undefined || verb === 'begin' || verb === 'savepoint' || verb === 'release'
    this.#batchEntries = script === undefined ? undefined : countWrites(script)
  }

  get slowThresholdSeconds(): number {
    return this.#operation?.slowThresholdSeconds ?? Number.POSITIVE_INFINITY
  }

  shouldTime(): boolean {
    return this.#operation?.shouldTime() ?? true
  }

  startSpan(): Span | undefined {
    return this.#operation?.startSpan()
  }

  recordSuccess(seconds: number, entries = 0, details?: CallDetails, result?: unknown): void {
    const { executions, latency } = this.#series.current ?? this.#series.open()
    executions.add()
    latency.record(seconds)
    this.#addSuccess()
    this.#operation?.recordSuccess(seconds, this.#batchEntries ?? entries, withoutParameters(details), result)
  }

  recordFailure(seconds: number, error?: unknown, details?: CallDetails): void {
    const { executions, errors, latency } = this.#seriesOfFailure(error)
    executions.add()
    errors.add()
    latency.record(seconds)
    if (isBusy(error)) this.#store.busySeconds.add(seconds)
    this.#store.transactions.failed()
    this.#operation?.recordFailure(seconds, withErrorCode(error), withoutParameters(details))
  }

  countSuccess(entries = 0, span?: Span): void {
    const { executions } = this.#series.current ?? this.#series.open()
    executions.add()
    this.#addSuccess()
    this.#operation?.countSuccess(this.#batchEntries ?? entries, span)
  }

  countFailure(error: unknown, span?: Span): string {
    const { executions, errors } = this.#seriesOfFailure(error)
    executions.add()
    errors.add()
    this.#store.transactions.failed()
    return this.#operation?.countFailure(withErrorCode(error), span) ?? ''
  }

  /** Text that did not compile may be anything: it gets no series of its own. */
  #seriesOfFailure(error: unknown): StatementSeries {
    const code = sqliteErrorCode(error)
    const hasCompiled = code !== undefined && !code.startsWith('SQLITE_ERROR')
    return hasCompiled ? this.#series.open() : this.#series.currentOrOther
  }

  #addSuccess(): void {
    const { transactions } = this.#store
    if (this.#operation !== undefined) transactions.successes++
    if (this.#isWrite) transactions.writes++
    if (!this.#changesTransaction) return
    const { script } = this.#identity
    if (script === undefined) transactions.succeeded(this.#identity)
    else transactions.scriptSucceeded(script)
    if (this.#batchEntries !== undefined) transactions.writes += this.#batchEntries
  }
}

/** Returns how many of the statements write. */
export function countWrites(statements: readonly ParsedStatement[]): number {
  return statements.filter(({ verb }) => verb === 'insert' || verb === 'replace' || verb === 'update' || verb === 'delete').length
}

/** The first two parameters of a statement are not a key and a value. */
function withoutParameters(details: CallDetails | undefined): CallDetails | undefined {
  return details === undefined ? undefined : { startMs: details.startMs, span: details.span }
}
