import type { Counter } from '../../metrics/counter.ts'
import { type MetricName, type Operation, operations } from '../../metrics/semconv.ts'
import type { PendingOperation } from '../../operations/in-flight.ts'
import type { OperationRecorder } from '../../operations/recorder.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { operationByCommand } from './commands.ts'
import { withErrorCode } from './errors.ts'

/** What a Redis client reports beside its operations. */
export const redisMetricNames: readonly MetricName[] = [
  'db_get_hits_total',
  'db_get_misses_total',
  'db_other_commands_total',
  'db_transaction_commits_total',
  'db_transaction_aborts_total',
]

/** Records the commands of one Redis client, whatever the library. */
export class RedisOperations {
  readonly #context: StoreContext
  readonly #recorders: Readonly<Record<Operation, OperationRecorder>>
  readonly #hits: Counter
  readonly #misses: Counter
  readonly #others: Counter
  readonly #commits: Counter
  readonly #aborts: Counter

  constructor(context: StoreContext) {
    const { registry, name: store } = context
    this.#context = context
    this.#recorders = Object.fromEntries(operations.map((operation) => [operation, context.recorder(operation)])) as Record<
      Operation,
      OperationRecorder
    >
    this.#hits = registry.counter('db_get_hits_total', { store })
    this.#misses = registry.counter('db_get_misses_total', { store })
    this.#others = registry.counter('db_other_commands_total', { store })
    this.#commits = registry.counter('db_transaction_commits_total', { store })
    this.#aborts = registry.counter('db_transaction_aborts_total', { store })
  }

  /**
   * Begins a command. Returns undefined for one that is no operation on entries: it is counted already.
   *
   * @param command its name in lower case.
   * @param args the arguments, which are used for their sizes only; undefined if they are unknown.
   */
  begin(command: string, args?: readonly unknown[]): RedisCall | undefined {
    const operation = operationByCommand.get(command)
    if (operation === undefined) {
      this.#others.add(1)
      return undefined
    }
    // Only `mset` and the like write several entries with one command.
    const entries = operation === 'batch' && args !== undefined ? Math.floor(args.length / 2) : 0
    const pending = this.#context.inFlight.begin(this.#recorders[operation], entries, args?.[0], args?.[1])
    return new RedisCall(pending, operation === 'get' || operation === 'scan' ? this.#replyHandler(operation) : undefined)
  }

  /** Begins a pipeline or a transaction: one batch of so many commands. */
  beginBatch(entries: number, isTransaction: boolean): RedisCall {
    const pending = this.#context.inFlight.begin(this.#recorders.batch, entries)
    const onSettled = (isCommitted: boolean): void => {
      if (isTransaction) (isCommitted ? this.#commits : this.#aborts).add(1)
    }
    return new RedisCall(pending, undefined, onSettled)
  }

  #replyHandler(operation: 'get' | 'scan'): (reply: unknown, pending: PendingOperation) => void {
    return operation === 'get' ? this.#onGet : countEntries
  }

  readonly #onGet = (reply: unknown): void => {
    if (reply === null || reply === undefined) this.#misses.add(1)
    else this.#hits.add(1)
  }
}

/** `scan` and its relatives reply with a cursor and an array, the others with an array. */
function countEntries(reply: unknown, pending: PendingOperation): void {
  const entries: unknown = Array.isArray(reply) && reply.length === 2 && Array.isArray(reply[1]) ? reply[1] : reply
  if (Array.isArray(entries)) pending.entries = entries.length
}

/** One command or batch in flight. */
export class RedisCall {
  #pending: PendingOperation | undefined
  readonly #onReply: ((reply: unknown, pending: PendingOperation) => void) | undefined
  readonly #onSettled: ((isCommitted: boolean) => void) | undefined

  constructor(
    pending: PendingOperation,
    onReply?: (reply: unknown, pending: PendingOperation) => void,
    onSettled?: (isCommitted: boolean) => void,
  ) {
    this.#pending = pending
    this.#onReply = onReply
    this.#onSettled = onSettled
  }

  /** Settles the call; a second call does nothing. Needs no `this`. */
  readonly succeeded = (reply: unknown): void => {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    this.#onReply?.(reply, pending)
    this.#onSettled?.(reply !== null)
    if (reply === null && this.#onSettled !== undefined) pending.entries = 0
    pending.succeeded(reply)
  }

  /** Settles the call as failed; a second call does nothing. Needs no `this`. */
  readonly failed = (error: unknown): void => {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    this.#onSettled?.(false)
    pending.failed(withErrorCode(error))
  }
}
