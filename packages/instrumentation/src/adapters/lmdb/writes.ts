import type { Span } from '@opentelemetry/api'
import type { Counter } from '../../metrics/counter.ts'
import type { PendingOperation } from '../../operations/in-flight.ts'
import type { Method } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { withSpan } from '../../otel/span.ts'
import { withErrorCode } from './errors.ts'
import { type Callback, Group, Groups } from './groups.ts'
import { observeLmdbPromise, type Settlement } from './promises.ts'

/** lmdb's `ABORT`: one number for all copies of lmdb, returned by a callback that gives its transaction up. */
const abort = 4.452694326329068e-106

export interface SingleWrite {
  readonly verb: 'set' | 'delete' | 'clear'
  /** From which argument on the last one may be a callback. */
  readonly callbackFrom?: number
  /** Whether it is committed when it returns, also in a batch. */
  readonly commits?: boolean
}

/**
 * The writes of one environment. A write that is committed for itself is one operation, from its call to its commit. A write
 * inside a transaction or a batch is an entry of that and no operation: it does not settle for itself, and would be counted
 * twice. A transaction inside another one is part of it. Reads are operations everywhere.
 */
export class Writes {
  commits: Counter | undefined
  aborts: Counter | undefined
  readonly #context: StoreContext
  readonly #groups: Groups

  constructor(context: StoreContext) {
    this.#context = context
    this.#groups = new Groups(context)
  }

  single({ verb, callbackFrom, commits = false }: SingleWrite, original: Method): Method {
    const recorder = this.#context.recorder(verb)
    return this.#measured(original, (database, args, run) => {
      const isOwn = verb === 'clear' || (commits && !inTransaction(database))
      const group = isOwn ? undefined : this.#groups.running
      if (group !== undefined) return this.#entry(group, run)
      const pending = this.#context.inFlight.begin(recorder, 0, args[0], args[1])
      const callback = args.at(-1)
      const isTold = callbackFrom !== undefined && args.length > callbackFrom && typeof callback === 'function'
      if (!isTold || inTransaction(database)) return this.#call(pending.span, run, pending)
      args[args.length - 1] = telling(callback as Callback, pending)
      return this.#call(pending.span, run, { succeeded: () => {}, failed: pending.failed })
    })
  }

  /** `transactionSync`, `childTransaction` and `transactionAsync`; of the latter only a child can be given up. */
  transaction(original: Method, isAbortable: (args: readonly unknown[]) => boolean): Method {
    return this.#measured(original, (database, args, run) => {
      const outer = inTransaction(database) ? this.#groups.running : undefined
      const group = new Group()
      const abortable = isAbortable(args)
      args[0] = this.#groups.callback(group, args[0] as Callback)
      if (outer !== undefined) return this.#nested(outer, group, run)
      const pending = this.#context.inFlight.begin(this.#context.recorder('batch'))
      return this.#call(pending.span, run, {
        succeeded: (value) => {
          const isAborted = abortable && value === abort
          if (isAborted) this.aborts?.add()
          else this.commits?.add()
          pending.entries = isAborted ? 0 : group.entries
          pending.succeeded()
        },
        failed: (error) => {
          // What its callback wrote before it threw is committed all the same, where nothing can be given up.
          if (group.threw && !abortable) this.commits?.add()
          else if (group.began) this.aborts?.add()
          pending.failed(error)
        },
      })
    })
  }

  /** `ifVersion`, also behind `batch` and `ifNoExists`: the writes of a callback or an array, in one go or not at all. */
  batch(original: Method): Method {
    return this.#measured(original, (_database, args, run) => {
      const writes = args[2]
      if (writes === undefined || this.#groups.running !== undefined) return run()
      const group = new Group()
      if (Array.isArray(writes)) group.entries = writes.length
      else args[2] = this.#groups.callback(group, writes as Callback)
      const pending = this.#context.inFlight.begin(this.#context.recorder('batch'))
      return this.#call(pending.span, run, {
        succeeded: (value) => {
          pending.entries = value === false ? 0 : group.entries
          pending.succeeded()
        },
        failed: pending.failed,
      })
    })
  }

  #measured(original: Method, measure: (database: unknown, args: unknown[], run: () => unknown) => unknown): Method {
    const context = this.#context
    return function (...args) {
      const run = (): unknown => original.apply(this, args)
      return context.isMeasuring ? measure(this, args, run) : run()
    }
  }

  #call(span: Span | undefined, run: () => unknown, { succeeded, failed }: Settlement): unknown {
    const context = this.#context
    context.isNested = true
    let result: unknown
    try {
      result = withSpan(span, run)
    } catch (error) {
      failed(withErrorCode(error))
      throw error
    } finally {
      context.isNested = false
    }
    return observeLmdbPromise(result, { succeeded, failed: (error) => failed(withErrorCode(error)) })
  }

  #entry(group: Group, run: () => unknown): unknown {
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

  #nested(outer: Group, group: Group, run: () => unknown): unknown {
    return this.#call(undefined, run, {
      succeeded: (value) => {
        if (value !== abort) outer.entries += group.entries
      },
      failed: () => {},
    })
  }
}

function inTransaction(database: unknown): boolean {
  return Boolean((database as { env?: { writeTxn?: unknown } }).env?.writeTxn)
}

/** The caller's callback, which also settles the operation. */
function telling(callback: Callback, pending: PendingOperation): Callback {
  return function (...answer) {
    if (answer[0]) pending.failed(withErrorCode(answer[0]))
    else pending.succeeded()
    return callback.apply(this, answer)
  }
}
