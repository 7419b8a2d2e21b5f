import type { Span } from '@opentelemetry/api'
import type { Counter } from '../../metrics/counter.ts'
import type { PendingOperation } from '../../operations/in-flight.ts'
import type { Method } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { withSpan } from '../../otel/span.ts'
import { withErrorCode } from './errors.ts'
import { observeLmdbPromise, type SettlementHandler } from './promises.ts'
import { type Callback, WriteGroup, WriteGroups } from './write-groups.ts'

/** lmdb's `ABORT`, the same number in all copies of lmdb: a callback returns it to abort its transaction. */
const abort = 4.452694326329068e-106

/** The methods that run a callback in a transaction. */
export type TransactionMethod = 'transactionSync' | 'childTransaction' | 'transactionAsync'

/** How a method that writes one entry is measured. */
export interface SingleWrite {
  readonly operation: 'set' | 'delete' | 'clear'
  /** The number of arguments before an optional callback. */
  readonly argumentsBeforeCallback?: number
  /** Whether the write is committed when the method returns, even inside a batch. */
  readonly commits?: boolean
}

/**
 * Measures the writes of one environment. A write on its own is one operation, from its call to its commit. A write inside a
 * transaction or a batch is an entry of it, not an operation: it settles with the whole, and would be counted twice. A
 * transaction inside another one is part of that one. Reads are operations everywhere.
 */
export class Writes {
  readonly #context: StoreContext
  readonly #groups: WriteGroups
  readonly #commits: Counter
  readonly #aborts: Counter

  constructor(context: StoreContext) {
    const { registry, name: store } = context
    this.#context = context
    this.#groups = new WriteGroups(context)
    this.#commits = registry.counter('db_transaction_commits_total', { store })
    this.#aborts = registry.counter('db_transaction_aborts_total', { store })
  }

  /** Wraps a method that writes one entry. */
  wrapSingleWrite({ operation, argumentsBeforeCallback, commits = false }: SingleWrite, original: Method): Method {
    const recorder = this.#context.recorder(operation)
    return this.#wrap(original, (database, args, run) => {
      const isSeparate = operation === 'clear' || (commits && !inTransaction(database))
      const group = isSeparate ? undefined : this.#groups.current
      if (group !== undefined) return this.#runEntry(group, run)
      const pending = this.#context.inFlight.begin(recorder, 0, args[0], args[1])
      const callback = args.at(-1)
      const hasCallback =
        argumentsBeforeCallback !== undefined && args.length > argumentsBeforeCallback && typeof callback === 'function'
      if (!hasCallback || inTransaction(database)) return this.#runAndSettle(pending.span, run, pending)
      args[args.length - 1] = settleInCallback(callback as Callback, pending)
      return this.#runAndSettle(pending.span, run, { succeeded: () => {}, failed: pending.failed })
    })
  }

  /** Wraps `transactionSync`, `childTransaction` or `transactionAsync`. */
  wrapTransaction(method: TransactionMethod, original: Method): Method {
    const recorder = this.#context.recorder('batch')
    return this.#wrap(original, (database, args, run) => {
      const isInside = inTransaction(database)
      const outer = isInside ? this.#groups.current : undefined
      const group = new WriteGroup()
      // Of `transactionAsync`, only a child can be aborted. It is queued, also by `childTransaction` outside of a transaction, and
      // lmdb then ignores what the promise of an asynchronous callback resolves to.
      const abortable = method !== 'transactionAsync' || args[1] === true
      const isQueued = method === 'transactionAsync' || (method === 'childTransaction' && !isInside)
      const endedInAbort = (value: unknown): boolean => abortable && value === abort && !(isQueued && group.isAsynchronous)
      args[0] = this.#groups.wrapCallback(group, args[0] as Callback)
      if (outer !== undefined) return this.#runNested(outer, group, endedInAbort, run)
      const pending = this.#context.inFlight.begin(recorder)
      return this.#runAndSettle(pending.span, run, {
        succeeded: (value) => {
          const isAborted = endedInAbort(value)
          if (isAborted) this.#aborts.add(1)
          else this.#commits.add(1)
          pending.entries = isAborted ? 0 : group.entries
          pending.succeeded()
        },
        failed: (error) => {
          // A transaction that cannot be aborted commits what its callback wrote before it threw.
          if (group.hasThrown && !abortable) this.#commits.add(1)
          else if (group.hasBegun) this.#aborts.add(1)
          pending.failed(error)
        },
      })
    })
  }

  /** Wraps `ifVersion`, which `batch` and `ifNoExists` call: the writes of a callback or an array, all or none of them. */
  wrapBatch(original: Method): Method {
    const recorder = this.#context.recorder('batch')
    return this.#wrap(original, (_database, args, run) => {
      const writes = args[2]
      if (writes === undefined || this.#groups.current !== undefined) return run()
      const group = new WriteGroup()
      if (Array.isArray(writes)) group.entries = writes.length
      else args[2] = this.#groups.wrapCallback(group, writes as Callback)
      const pending = this.#context.inFlight.begin(recorder)
      return this.#runAndSettle(pending.span, run, {
        succeeded: (value) => {
          pending.entries = value === false ? 0 : group.entries
          pending.succeeded()
        },
        failed: pending.failed,
      })
    })
  }

  #wrap(original: Method, measure: (database: unknown, args: unknown[], run: () => unknown) => unknown): Method {
    const context = this.#context
    return function (...args) {
      const run = (): unknown => original.apply(this, args)
      return context.isMeasuring ? measure(this, args, run) : run()
    }
  }

  #runAndSettle(span: Span | undefined, run: () => unknown, { succeeded, failed }: SettlementHandler): unknown {
    const context = this.#context
    context.isNested = true
    let result: unknown
    try {
      result = withSpan(span, run, context.registry.observer.onTracerFailure)
    } catch (error) {
      failed(withErrorCode(error))
      throw error
    } finally {
      context.isNested = false
    }
    return observeLmdbPromise(result, { succeeded, failed: (error) => failed(withErrorCode(error)) })
  }

  #runEntry(group: WriteGroup, run: () => unknown): unknown {
    const context = this.#context
    context.isNested = true
    try {
      const result = run()
      const { isSync, result: value } = (result ?? {}) as { isSync?: boolean; result?: unknown }
      if ((isSync === true ? value : result) !== false) group.entries++
      return result
    } finally {
      context.isNested = false
    }
  }

  #runNested(outer: WriteGroup, group: WriteGroup, endedInAbort: (value: unknown) => boolean, run: () => unknown): unknown {
    return this.#runAndSettle(undefined, run, {
      succeeded: (value) => {
        if (!endedInAbort(value)) outer.entries += group.entries
      },
      failed: () => {},
    })
  }
}

function inTransaction(database: unknown): boolean {
  return Boolean((database as { env?: { writeTxn?: unknown } }).env?.writeTxn)
}

/** Returns the caller's callback, which also settles the operation. */
function settleInCallback(callback: Callback, pending: PendingOperation): Callback {
  return function (...answer) {
    if (answer[0]) pending.failed(withErrorCode(answer[0]))
    else pending.succeeded()
    return callback.apply(this, answer)
  }
}
