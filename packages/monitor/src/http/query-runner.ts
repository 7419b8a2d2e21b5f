import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Context } from 'hono'
import { selfTimeSlices } from '../collection/self-metrics.ts'
import type { SearchableHistory } from '../history/history.ts'
import { defaultWindowMs } from '../history/queries.ts'
import { checkQueryCost, QueryCostError, type QueryReads, type QueryRemedy } from '../history/query-cost.ts'
import {
  completeHistograms,
  evaluateGroups,
  groupSeries,
  QueryError,
  type SeriesGroup,
  type SeriesQuery,
  type SeriesResult,
  type Steps,
  selectSeries,
} from '../history/series-query.ts'
import type { TimeSlices } from '../time/time-slices.ts'
import { answerSlices, clientGone, jsonAnswer } from './json-answer.ts'
import { fixedLimits, RequestLimits } from './limits/request-limits.ts'
import { SharedWork } from './shared-work.ts'
import { WorkQueue } from './work-queue.ts'

const allRemedies: readonly QueryRemedy[] = ['step', 'start', 'window', 'labels']

/** The series that a query reads. */
export interface Selection {
  readonly groups: readonly SeriesGroup[]
  /** How many histograms are left out, because the history does not have all of their buckets. */
  readonly incomplete: number
}

/** The result of a query. */
export interface Evaluation extends Pick<Selection, 'incomplete'> {
  readonly results: readonly SeriesResult[]
  /** How many points its results keep in memory. */
  readonly points: number
}

/** A request that cannot be answered. The message has the problem and what to do. */
export class RequestError extends Error {
  readonly status: 400 | 404

  constructor(message: string, status: 400 | 404 = 400) {
    super(message)
    this.status = status
  }
}

/** An answer in JSON. */
export interface QueryAnswer {
  /** Creates its text piece by piece. */
  readonly createPieces: () => Iterable<string>
  /** How many points it keeps in memory until its clients have read it (default 0). */
  readonly points?: number
}

/** Too many queries wait, or their answers. */
class BusyError extends Error {}
/** A query took too long. */
class TimeoutError extends Error {}
/** An answer would be too large. */
class SizeError extends RequestError {}

/** What the endpoints that read the history have in common: their queries run in slices and within limits, a few at a time, and equal ones once. */
export class QueryRunner {
  readonly history: SearchableHistory
  readonly registry: MetricsRegistry
  /** Returns the Unix time in milliseconds. */
  readonly now: () => number
  readonly #limits: RequestLimits
  readonly #queue = new WorkQueue(fixedLimits.runningQueries, fixedLimits.queuedQueries)
  readonly #largeQueue = new WorkQueue(1, fixedLimits.queuedLargeQueries)
  readonly #shared = new SharedWork()
  /** How many clients read an answer that keeps points in memory. */
  readonly #readers = new Map<QueryAnswer, number>()
  #heldPoints = 0

  constructor(
    history: SearchableHistory,
    registry: MetricsRegistry,
    now: () => number,
    limits = new RequestLimits({ registry }),
  ) {
    this.history = history
    this.registry = registry
    this.now = now
    this.#limits = limits
  }

  /** Evaluates a query after those before it. Series without a value are left out. @throws as `run` does. */
  async evaluate(query: SeriesQuery, steps: Steps, slices: TimeSlices): Promise<Evaluation> {
    return this.run(query, steps, slices, async ({ groups, incomplete }) => {
      const all = await evaluateGroups(this.history, query, groups, steps, slices)
      const results = all.filter(({ values }) => !values.isEmpty)
      return { results, incomplete, points: results.length * steps.count }
    })
  }

  /**
   * Selects and groups the series of a query, and runs work with them, after the queries before it.
   *
   * @param remedies what its client can change to read less (default: everything).
   * @throws RequestError if it would read too much, or the answer would be too large.
   */
  async run<Result>(
    query: SeriesQuery,
    steps: Steps,
    slices: TimeSlices,
    work: (selection: Selection) => Promise<Result>,
    remedies = allRemedies,
  ): Promise<Result> {
    const select = () => this.#select(query, steps, remedies, slices)
    return this.runNext(slices, select, async ({ points, groups, incomplete }) => {
      this.#heldPoints += points
      try {
        return await work({ groups, incomplete })
      } finally {
        this.#heldPoints -= points
      }
    })
  }

  /**
   * Runs work that reads the history after the queries before it. Large queries run one after the other: together, none would be answered in
   * time.
   *
   * @param prepare returns what the work needs, and how many samples it will read.
   */
  async runNext<Prepared extends { readonly samples: number }, Result>(
    slices: TimeSlices,
    prepare: () => Promise<Prepared>,
    work: (prepared: Prepared) => Promise<Result>,
  ): Promise<Result> {
    const next = await this.#runIn(this.#queue, slices, async () => {
      const prepared = await prepare()
      const isLarge = prepared.samples > this.#limits.queryMaxSamples * fixedLimits.largeQueryShare
      return isLarge ? { prepared } : { result: await work(prepared) }
    })
    return 'result' in next ? next.result : this.#runIn(this.#largeQueue, slices, () => work(next.prepared))
  }

  async #runIn<Result>(queue: WorkQueue, slices: TimeSlices, work: () => Promise<Result>): Promise<Result> {
    // The wait is not work.
    slices.end()
    const result = queue.run(async () => {
      slices.begin()
      // A query whose clients have gone while it waited costs nothing.
      await slices.pause()
      return work()
    })
    if (result === undefined) throw new BusyError(`${queue.limit} queries run or wait already: try again`)
    return result
  }

  /**
   * Answers a GET request with JSON. Requests of the same address at the same time share the work. An error of it becomes a 400 or a 404,
   * or a 503 if it took too long, too many wait or the client has gone.
   *
   * @param work returns what creates the text. Its pauses throw when no client waits any more.
   */
  async answer(context: Context, work: (slices: TimeSlices) => Promise<QueryAnswer>): Promise<Response> {
    const { signal, url } = context.req.raw
    const { registry } = this
    try {
      const answer = await this.#shared.run(url, signal, (signal) => this.#runInTime(signal, work))
      return await jsonAnswer(context, answer.createPieces(), answerSlices(context, registry), this.#hold(answer))
    } catch (error) {
      if (error instanceof QueryCostError || error instanceof SizeError) return this.#refuse(context, 'cost', error.message, 400)
      if (error instanceof RequestError) return context.json({ error: error.message }, error.status)
      if (error instanceof QueryError) return context.json({ error: error.message }, 400)
      if (error instanceof BusyError) {
        return this.#refuse(context, 'busy', error.message, 503, { 'retry-after': '1' })
      }
      if (error instanceof TimeoutError) return this.#refuse(context, 'timeout', error.message, 503, { 'retry-after': '1' })
      if (signal.aborted) return clientGone(context)
      throw error
    }
  }

  /** Returns how many samples a query will read. @throws QueryCostError if they are too many. */
  async checkCost(reads: QueryReads, slices: TimeSlices): Promise<number> {
    return checkQueryCost(this.history, reads, this.#limits.queryMaxSamples, slices)
  }

  /**
   * Checks the size of an answer before it is evaluated.
   *
   * @param buckets how many more series are kept in memory until the answer is complete.
   * @throws RequestError if it would be too large, and BusyError if clients have not read what they asked for before.
   */
  checkSize(series: number, steps: number, buckets = 0): void {
    const { answerSeries, answerPoints, heldPoints } = fixedLimits
    if (series > answerSeries) {
      throw new SizeError(`an answer may have at most ${answerSeries} series, this one has ${series}: use label matchers or by`)
    }
    const points = (series + buckets) * steps
    if (points > answerPoints) {
      const parts = buckets === 0 ? `${series} series` : `${series} series and ${buckets} buckets`
      throw new SizeError(
        `an answer may need at most ${answerPoints} points, this one needs ${points} (${steps} steps of ${parts}): use a longer step, a later start or label matchers`,
      )
    }
    if (this.#heldPoints + points <= heldPoints) return
    throw new BusyError(`answers with ${this.#heldPoints} points are not read yet: read them, or try again`)
  }

  /** @throws TimeoutError if the work takes too long. */
  async #runInTime(gone: AbortSignal, work: (slices: TimeSlices) => Promise<QueryAnswer>): Promise<QueryAnswer> {
    const { queryTimeoutMs } = this.#limits
    const controller = new AbortController()
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const abort = (reason: unknown): void => {
      controller.abort(reason)
      // The work may wait for others, and ends when it has its turn.
      reject(reason)
    }
    const leave = (): void => abort(gone.reason)
    gone.addEventListener('abort', leave, { once: true })
    const message = `the query took longer than ${queryTimeoutMs} ms (queryTimeoutMs) and was ended: use a longer step, a shorter window, a later start or label matchers, or try again when fewer queries run`
    const timer = setTimeout(() => abort(new TimeoutError(message)), queryTimeoutMs).unref()
    const slices = selfTimeSlices(this.registry, 'serving', { pause: 'turn', signal: controller.signal })
    const running = work(slices).finally(() => slices.end())
    running.catch(() => {})
    try {
      return await Promise.race([running, aborted])
    } finally {
      clearTimeout(timer)
      gone.removeEventListener('abort', leave)
    }
  }

  /** Keeps count of the points of an answer, which is about to be read; returns a function that ends it. */
  #hold(answer: QueryAnswer): () => void {
    const { points = 0 } = answer
    if (points === 0) return () => {}
    const readers = this.#readers.get(answer) ?? 0
    if (readers === 0) this.#heldPoints += points
    this.#readers.set(answer, readers + 1)
    return () => {
      const others = (this.#readers.get(answer) ?? 1) - 1
      if (others > 0) {
        this.#readers.set(answer, others)
        return
      }
      this.#readers.delete(answer)
      this.#heldPoints -= points
    }
  }

  #refuse(
    context: Context,
    reason: 'busy' | 'cost' | 'timeout',
    message: string,
    status: 400 | 503,
    headers: Record<string, string> = {},
  ): Response {
    this.#limits.recordRefusal(reason, `${context.req.path} was answered with ${status}: ${message}`)
    return context.json({ error: message }, status, headers)
  }

  async #select(
    query: SeriesQuery,
    steps: Steps,
    remedies: readonly QueryRemedy[],
    slices: TimeSlices,
  ): Promise<Selection & { readonly points: number; readonly samples: number }> {
    const series = await selectSeries(this.history, query, slices)
    const windowMs = query.function === 'value' ? 0 : (query.windowMs ?? defaultWindowMs)
    const samples = await this.checkCost({ ...steps, series: series.length, windowMs, remedies }, slices)
    const isQuantile = query.function === 'quantile'
    const { buckets, incomplete } = isQuantile ? await completeHistograms(series, slices) : { buckets: series, incomplete: 0 }
    const groups = await groupSeries(query, buckets, slices)
    const count = groups.length * Math.max(1, query.quantiles?.length ?? 1)
    const most = isQuantile ? await countBounds(groups, slices) : 0
    this.checkSize(count, steps.count, most)
    return { groups, incomplete, points: (count + most) * steps.count, samples }
  }
}

/** Returns how many bounds the group with most of them has. */
async function countBounds(groups: readonly SeriesGroup[], slices: TimeSlices): Promise<number> {
  let most = 0
  for (const { series } of groups) {
    const bounds = new Set<string | undefined>()
    for (const { labels } of series) {
      bounds.add(labels['le'])
      if (slices.isDue) await slices.pause()
    }
    most = Math.max(most, bounds.size)
  }
  return most
}

/** Returns the field of an answer that counts the histograms that were left out; nothing if there are none. */
export function incompleteJson(incomplete: number): string {
  return incomplete === 0 ? '' : `"incomplete":${incomplete},`
}
