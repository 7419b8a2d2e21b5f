import type { SqliteDatabase } from '../../engines/sqlite/database.ts'
import type { Operation } from '../../metrics/semconv.ts'
import type { Method } from '../../operations/method-patch.ts'
import type { OperationRecorder } from '../../operations/recorder.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { wrapSync } from '../../operations/wrap-method.ts'
import { defineMethod, measureIterate } from './iteration.ts'
import { type ParsedStatement, parseScript, parseStatement } from './parse-statement.ts'
import { operationOf } from './sql-verb.ts'
import { statementLabel } from './statement-label.ts'
import { countWrites, type StatementIdentity, StatementRecorder, type StatementStore } from './statement-recorder.ts'
import { otherStatements, StatementSeriesReference, StatementSeriesSet } from './statement-series.ts'
import { Transactions } from './transactions.ts'

/** How many texts of SQL are remembered with their statement, and how long they may be. */
const maxRemembered = 500
const maxRememberedLength = 4000

/** The methods that run a statement. `exec` stands for every method that returns no rows. */
type Run = 'get' | 'all' | 'iterate' | 'run' | 'exec'

const preparedMethods = ['get', 'all', 'iterate', 'run'] as const

/** The statements of one store by their text. */
export class Statements {
  readonly transactions: Transactions
  readonly #context: StoreContext
  readonly #store: StatementStore
  readonly #names: ReadonlyMap<string, string>
  readonly #operations: ReadonlyMap<Operation, OperationRecorder>
  /** By verb and text without values. */
  readonly #statements = new Map<string, MeasuredStatement>()
  readonly #prepared = new Map<string, MeasuredStatement>()
  readonly #scripts = new Map<string, MeasuredStatement>()

  /** @param names the SQL of the statements that the application has named, by their name. */
  constructor(database: SqliteDatabase, context: StoreContext, names: Readonly<Record<string, string>>) {
    this.transactions = new Transactions(database, context)
    this.#context = context
    this.#store = {
      series: new StatementSeriesSet(context),
      transactions: this.transactions,
      busySeconds: context.registry.counter('db_busy_seconds_total', { store: context.name }),
    }
    this.#names = new Map(Object.entries(names).map(([name, sql]) => [parseStatement(sql).text, name]))
    const operations: readonly Operation[] = ['get', 'scan', 'set', 'delete', 'batch']
    this.#operations = new Map(operations.map((operation) => [operation, context.recorder(operation)]))
  }

  /** Returns the statement that `prepare` compiles: the first one of the SQL. */
  forPrepared(sql: string): MeasuredStatement {
    return remember(this.#prepared, sql, () => {
      const parsed = parseStatement(sql)
      this.#noticeLocking([parsed], sql)
      return this.#find(parsed)
    })
  }

  /** Returns what `exec` runs: one statement, or several as a script. */
  forScript(sql: string): MeasuredStatement {
    return remember(this.#scripts, sql, () => {
      const statements = parseScript(sql)
      const [first] = statements
      this.#noticeLocking(statements, sql)
      if (first !== undefined && statements.length === 1) return this.#find(first)
      const text = first === undefined ? '' : `${first.text}; \u2026`
      return this.#find({ verb: 'other', text, endsTransaction: false }, statements)
    })
  }

  /** Counts a statement that could not be compiled. */
  prepareFailed(sql: unknown): void {
    const verb = typeof sql === 'string' ? parseStatement(sql.slice(0, 1000)).verb : 'other'
    const { executions, errors } = this.#store.series.other(verb)
    executions.add()
    errors.add()
  }

  /** Returns the recorder of a statement that the application does not write itself. */
  recorderOf(text: string): StatementRecorder {
    return this.forPrepared(text).recorder('exec')
  }

  /** Texts with the same label share one statement, so that the number of statements is bounded. */
  #find({ verb, text, endsTransaction }: ParsedStatement, script?: readonly ParsedStatement[]): MeasuredStatement {
    const { series } = this.#store
    const name = this.#names.get(text)
    const ownLabel = name ?? statementLabel(text)
    const label = name !== undefined || series.hasRoomFor(verb, ownLabel) ? ownLabel : otherStatements
    const create = (): MeasuredStatement =>
      new MeasuredStatement(this.#context, this.#store, this.#operations, {
        identity: { verb, endsTransaction, script },
        series: new StatementSeriesReference(series, verb, label, name !== undefined),
      })
    // The label of a script does not tell what it does.
    return script === undefined ? remember(this.#statements, `${verb} ${endsTransaction} ${label}`, create) : create()
  }

  /** After `PRAGMA locking_mode = exclusive` no other connection can read the database. */
  #noticeLocking(statements: readonly ParsedStatement[], sql: string): void {
    const hasPragma = statements.some(({ verb }) => verb === 'pragma')
    if (hasPragma && /locking_mode\W+exclusive/i.test(sql)) this.transactions.isExclusive = true
  }
}

/** One statement of one store, with its series, and how its calls are measured. */
export class MeasuredStatement {
  readonly #context: StoreContext
  readonly #store: StatementStore
  readonly #operations: ReadonlyMap<Operation, OperationRecorder>
  readonly #identity: StatementIdentity
  readonly #series: StatementSeriesReference
  readonly #recorders = new Map<Operation | undefined, StatementRecorder>()
  readonly #wrappers = new Map<Run, WeakMap<Method, Method>>()
  readonly #prototypes = new WeakMap<object, object>()

  constructor(
    context: StoreContext,
    store: StatementStore,
    operations: ReadonlyMap<Operation, OperationRecorder>,
    { identity, series }: { readonly identity: StatementIdentity; readonly series: StatementSeriesReference },
  ) {
    this.#context = context
    this.#store = store
    this.#operations = operations
    this.#identity = identity
    this.#series = series
  }

  /**
   * Measures the calls of a prepared statement, by a prototype between it and its own one: it stays the package's object, with its
   * own properties, and its class. Methods of its own, of other code that measures it, are replaced.
   */
  adopt(statement: object): void {
    this.#series.open()
    for (const name of preparedMethods) {
      if (!Object.hasOwn(statement, name)) continue
      const descriptor = Object.getOwnPropertyDescriptor(statement, name)
      const own: unknown = descriptor?.value
      if (typeof own === 'function')
        Object.defineProperty(statement, name, { ...descriptor, value: this.wrap(name, own as Method) })
    }
    const prototype = Object.getPrototypeOf(statement) as object
    let measured = this.#prototypes.get(prototype)
    if (measured === undefined) {
      measured = this.#createPrototype(prototype)
      this.#prototypes.set(prototype, measured)
    }
    Object.setPrototypeOf(statement, measured)
  }

  /** Returns the wrapper of a method that runs this statement. */
  wrap(run: Run, original: Method): Method {
    let wrappers = this.#wrappers.get(run)
    if (wrappers === undefined) {
      wrappers = new WeakMap()
      this.#wrappers.set(run, wrappers)
    }
    let wrapper = wrappers.get(original)
    if (wrapper === undefined) {
      const recorder = this.recorder(run)
      if (run === 'iterate') wrapper = measureIterate(this.#context, recorder, original)
      else wrapper = wrapSync(this.#context, recorder, original, undefined, run === 'all' ? countRows : undefined)
      wrappers.set(original, wrapper)
    }
    return wrapper
  }

  recorder(run: Run): StatementRecorder {
    const { verb, script } = this.#identity
    const isBatch = script !== undefined && countWrites(script) > 0
    const operation = isBatch ? 'batch' : operationOf(verb, run === 'get')
    let recorder = this.#recorders.get(operation)
    if (recorder === undefined) {
      recorder = new StatementRecorder(this.#store, this.#identity, this.#series, operation && this.#operations.get(operation))
      this.#recorders.set(operation, recorder)
    }
    return recorder
  }

  #createPrototype(prototype: object): object {
    const measured = Object.create(prototype) as object
    for (const name of preparedMethods) {
      const original: unknown = Reflect.get(prototype, name)
      if (typeof original === 'function') defineMethod(measured, name, this.wrap(name, original as Method), original.length)
    }
    return measured
  }
}

function countRows(result: unknown): number {
  return Array.isArray(result) ? result.length : 0
}

/** Returns what is remembered for a text, else what `create` returns. The oldest text is forgotten. */
function remember<Value>(remembered: Map<string, Value>, text: string, create: () => Value): Value {
  const known = remembered.get(text)
  if (known !== undefined) return known
  const value = create()
  if (text.length > maxRememberedLength) return value
  if (remembered.size === maxRemembered) {
    const [oldest] = remembered.keys()
    if (oldest !== undefined) remembered.delete(oldest)
  }
  remembered.set(text, value)
  return value
}
