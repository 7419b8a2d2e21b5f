import type { Counter } from '../../metrics/counter.ts'
import type { Histogram } from '../../metrics/histogram.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import type { SqlVerb } from './sql-verb.ts'

/** How many statements of one store have series of their own, beside those with a name. The others are counted as `other`. */
export const maxStatements = 50

/** The label of statements without series of their own. */
export const otherStatements = 'other'

/** The series of one statement. */
export interface StatementSeries {
  readonly executions: Counter
  readonly errors: Counter
  readonly latency: Histogram
}

/** The series of one statement that are created when they are needed, by all its recorders. */
export class StatementSeriesReference {
  /** Undefined until `open`. */
  current: StatementSeries | undefined
  readonly #set: StatementSeriesSet
  readonly #verb: SqlVerb
  readonly #label: string
  readonly #isNamed: boolean

  constructor(set: StatementSeriesSet, verb: SqlVerb, label: string, isNamed: boolean) {
    this.#set = set
    this.#verb = verb
    this.#label = label
    this.#isNamed = isNamed
  }

  /** Returns the series, which exist from then on. */
  open(): StatementSeries {
    this.current ??= this.#set.open(this.#verb, this.#label, this.#isNamed)
    return this.current
  }

  /** The series if they exist, else those of all statements without series of their own. */
  get currentOrOther(): StatementSeries {
    return this.current ?? this.#set.other(this.#verb)
  }
}

/** Creates the series of the statements of one store, up to a limit. */
export class StatementSeriesSet {
  readonly #context: StoreContext
  readonly #series = new Map<string, StatementSeries>()
  #statements = 0
  #isFull = false

  constructor(context: StoreContext) {
    this.#context = context
  }

  /** Returns whether a statement that has no name has series of its own, or can have them. Warns once if not. */
  hasRoomFor(verb: SqlVerb, statement: string): boolean {
    if (this.#statements < maxStatements || this.#series.has(`${verb} ${statement}`)) return true
    this.#reportFull()
    return false
  }

  /** Returns the series of a statement, at 0 if they are new; those of `other` if there are too many. A named one does not count. */
  open(verb: SqlVerb, statement: string, isNamed: boolean): StatementSeries {
    const existing = this.#series.get(`${verb} ${statement}`)
    if (existing !== undefined) return existing
    if (isNamed) return this.#create(verb, statement)
    if (!this.hasRoomFor(verb, statement)) return this.other(verb)
    this.#statements++
    return this.#create(verb, statement)
  }

  /** Returns the series of all statements of the verb that have none of their own. */
  other(verb: SqlVerb): StatementSeries {
    return this.#series.get(`${verb} ${otherStatements}`) ?? this.#create(verb, otherStatements)
  }

  #create(verb: SqlVerb, statement: string): StatementSeries {
    const { registry, name } = this.#context
    const labels = { store: name, verb, statement }
    const series = {
      executions: registry.counter('db_statements_total', labels),
      errors: registry.counter('db_statement_errors_total', labels),
      latency: registry.histogram('db_statement_latency_seconds', labels),
    }
    this.#series.set(`${verb} ${statement}`, series)
    return series
  }

  #reportFull(): void {
    if (this.#isFull) return
    this.#isFull = true
    const { registry, name } = this.#context
    registry.warnOnce(
      `statements of ${name}`,
      `store ${name} runs more than ${maxStatements} different SQL statements: the others share statement="${otherStatements}"; use parameters instead of names that vary, or name the important ones with the option statements`,
    )
  }
}
