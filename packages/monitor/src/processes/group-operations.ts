import type { ErrorHistory } from '../operations/error-history.ts'
import {
  type ErrorQuery,
  mergeErrors,
  mergeSlowOperations,
  type OperationSource,
  pageOfEach,
  type RecentErrors,
  recentErrors,
  type SlowOperations,
  type SlowQuery,
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

type Question = (SlowQuery & { readonly kind: 'slow' }) | (ErrorQuery & { readonly kind: 'errors' })

/** The slow operations and errors of this process and of those that it collects from. */
export class GroupOperations implements OperationSource {
  readonly #options: GroupOperationsOptions

  constructor(options: GroupOperationsOptions) {
    this.#options = options
  }

  async slowOperations(query: SlowQuery): Promise<SlowOperations> {
    const { slowLog } = this.#options
    const others = await this.#ask<SlowOperations>({ ...pageOfEach(query), kind: 'slow' })
    if (others.size === 0) return slowOperations(slowLog, query)
    const own = slowOperations(slowLog, pageOfEach(query))
    return mergeSlowOperations(new Map([[this.#ownWorker, own], ...others]), query)
  }

  async recentErrors(query: ErrorQuery): Promise<RecentErrors> {
    const { errors, now } = this.#options
    const others = await this.#ask<RecentErrors>({ ...pageOfEach(query), kind: 'errors' })
    if (others.size === 0) return recentErrors(errors, query, now())
    const own = recentErrors(errors, pageOfEach(query), now())
    return mergeErrors(new Map([[this.#ownWorker, own], ...others]), query)
  }

  /** Answers the question of the process that collects: for this process and its threads. */
  readonly answer = (body: unknown): Promise<SlowOperations | RecentErrors> => {
    const question = body as Question
    return question.kind === 'slow' ? this.slowOperations(question) : this.recentErrors(question)
  }

  get #ownWorker(): string {
    return this.#options.ownWorker() ?? '1'
  }

  async #ask<Answer>(question: Question): Promise<Map<string, Answer>> {
    const answers = await Promise.all(this.#options.others().map((one) => one.askAll('operations', question)))
    return new Map(answers.flatMap((one) => [...(one as ReadonlyMap<string, Answer>)]))
  }
}
