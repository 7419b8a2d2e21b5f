import type { ErrorHistory } from '../operations/error-history.ts'
import {
  mergeErrors,
  mergeSlowOperations,
  type OperationQuery,
  type OperationSource,
  type RecentErrors,
  recentErrors,
  type SlowOperations,
  slowOperations,
} from '../operations/operation-answers.ts'
import type { SlowLog } from '../operations/slow-log.ts'

/** Asks other processes or threads. */
export interface Others {
  askAll(name: string, body: unknown): Promise<ReadonlyMap<string, unknown>>
}

export interface GroupOperationsOptions {
  readonly slowLog: SlowLog
  readonly errors: ErrorHistory
  readonly now: () => number
  /** The other processes and threads. */
  readonly others: () => readonly Others[]
  /** The label of this process; undefined if it is alone. */
  readonly ownWorker: () => string | undefined
}

type Question = OperationQuery & { readonly kind: 'slow' | 'errors' }

/** The slow operations and errors of this process and of those that it collects from. */
export class GroupOperations implements OperationSource {
  readonly #options: GroupOperationsOptions

  constructor(options: GroupOperationsOptions) {
    this.#options = options
  }

  async slowOperations(query: OperationQuery): Promise<SlowOperations> {
    const { slowLog } = this.#options
    const others = await this.#ask<SlowOperations>({ ...query, kind: 'slow' })
    const own = slowOperations(slowLog, query)
    return others.size === 0 ? own : mergeSlowOperations(new Map([[this.#ownWorker, own], ...others]), query.limit)
  }

  async recentErrors(query: OperationQuery): Promise<RecentErrors> {
    const { errors, now } = this.#options
    const others = await this.#ask<RecentErrors>({ ...query, kind: 'errors' })
    const own = recentErrors(errors, query, now())
    return others.size === 0 ? own : mergeErrors(new Map([[this.#ownWorker, own], ...others]), query.limit)
  }

  /** Answers the question of the process that collects: for this process and its threads. */
  readonly answer = (body: unknown): Promise<SlowOperations | RecentErrors> => {
    const { kind, ...query } = body as Question
    return kind === 'slow' ? this.slowOperations(query) : this.recentErrors(query)
  }

  get #ownWorker(): string {
    return this.#options.ownWorker() ?? '1'
  }

  async #ask<Answer>(question: Question): Promise<Map<string, Answer>> {
    const answers = await Promise.all(this.#options.others().map((one) => one.askAll('operations', question)))
    return new Map(answers.flatMap((one) => [...(one as ReadonlyMap<string, Answer>)]))
  }
}
