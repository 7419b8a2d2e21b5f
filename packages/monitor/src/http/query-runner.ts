import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Context } from 'hono'
import { selfTimeSlices } from '../collection/self-metrics.ts'
import type { SearchableHistory } from '../history/history.ts'
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
import { SharedWork } from './shared-work.ts'
import { WorkQueue } from './work-queue.ts'

const maxSeries = 1000
/** Steps times series of one query: some seconds of work in slices, and some ten megabytes. */
const maxReads = 3_000_000
/** Queries that run at the same time: a short one does not wait for a long one, and memory is needed for a few results only. */
const maxRunning = 4
/** Queries that run or wait: about as many as a page with many panels requests at once. */
const maxQueued = 16

/** The series that a query reads. */
export interface Selection {
  readonly groups: readonly SeriesGroup[]
  /** How many histograms are left out, because the history does not have all of their buckets. */
  readonly incomplete: number
}

/** The result of a query. */
export interface Evaluation extends Pick<Selection, 'incomplete'> {
  readonly results: readonly SeriesResult[]
}

/** A request that cannot be answered. The message has the problem and what to do. */
export class RequestError extends Error {
  readonly status: 400 | 404

  constructor(message: string, status: 400 | 404 = 400) {
    super(message)
    this.status = status
  }
}

/** Creates the JSON text of an answer piece by piece. */
export type CreatePieces = () => Iterable<string>

/** Too many queries wait. */
class BusyError extends Error {}

/** What the endpoints that read the history have in common: their queries run in slices and within limits, a few at a time, and equal ones once. */
export class QueryRunner {
  readonly history: SearchableHistory
  readonly registry: MetricsRegistry
  /** Returns the Unix time in milliseconds. */
  readonly now: () => number
  readonly #queue = new WorkQueue(maxRunning, maxQueued)
  readonly #shared = new SharedWork()

  constructor(history: SearchableHistory, registry: MetricsRegistry, now: () => number) {
    this.history = history
    this.registry = registry
    this.now = now
  }

  /** Evaluates a query after those before it. Series without a value are left out. @throws as `run` does. */
  async evaluate(query: SeriesQuery, steps: Steps, slices: TimeSlices): Promise<Evaluation> {
    return this.run(query, steps, slices, async ({ groups, incomplete }) => {
      const results = await evaluateGroups(this.history, query, groups, steps, slices)
      return { results: results.filter(({ values }) => !values.isEmpty), incomplete }
    })
  }

  /**
   * Selects and groups the series of a query, and runs work with them, after the queries before it.
   *
   * @throws RequestError if it would read too much, or the answer would be too large.
   */
  async run<Result>(
    query: SeriesQuery,
    steps: Steps,
    slices: TimeSlices,
    work: (selection: Selection) => Promise<Result>,
  ): Promise<Result> {
    return this.runNext(slices, async () => work(await this.#select(query, steps, slices)))
  }

  /** Runs work that reads the history after the queries before it. */
  async runNext<Result>(slices: TimeSlices, work: () => Promise<Result>): Promise<Result> {
    // The wait is not work.
    slices.end()
    const result = this.#queue.run(async () => {
      slices.begin()
      // A query whose clients have gone while it waited costs nothing.
      await slices.pause()
      return work()
    })
    if (result === undefined) throw new BusyError(`${maxQueued} queries run or wait already: try again`)
    return result
  }

  /**
   * Answers a GET request with JSON. Requests of the same address at the same time share the work. An error of it becomes a 400 or a 404,
   * or a 503 if too many wait or the client has gone.
   *
   * @param work returns what creates the text. Its pauses throw when no client waits any more.
   */
  async answer(context: Context, work: (slices: TimeSlices) => Promise<CreatePieces>): Promise<Response> {
    const { signal, url } = context.req.raw
    const { registry } = this
    try {
      const createPieces = await this.#shared.run(url, signal, async (signal) => {
        const slices = selfTimeSlices(registry, 'serving', { pause: 'turn', signal })
        try {
          return await work(slices)
        } finally {
          slices.end()
        }
      })
      return await jsonAnswer(context, createPieces(), answerSlices(context, registry))
    } catch (error) {
      if (error instanceof RequestError) return context.json({ error: error.message }, error.status)
      if (error instanceof QueryError) return context.json({ error: error.message }, 400)
      if (error instanceof BusyError) return context.json({ error: error.message }, 503, { 'retry-after': '1' })
      if (signal.aborted) return clientGone(context)
      throw error
    }
  }

  async #select(query: SeriesQuery, steps: Steps, slices: TimeSlices): Promise<Selection> {
    const series = await selectSeries(this.history, query, slices)
    checkReads(steps.count, series.length)
    const isQuantile = query.function === 'quantile'
    const { buckets, incomplete } = isQuantile ? await completeHistograms(series, slices) : { buckets: series, incomplete: 0 }
    const groups = await groupSeries(query, buckets, slices)
    const count = groups.length * Math.max(1, query.quantiles?.length ?? 1)
    checkSeries(count)
    return { groups, incomplete }
  }
}

/** @throws RequestError if an answer would have too many series. */
export function checkSeries(count: number): void {
  if (count <= maxSeries) return
  throw new RequestError(`an answer may have at most ${maxSeries} series, this one has ${count}: use label matchers or by`)
}

/** @throws RequestError if a query would read too many values. */
export function checkReads(steps: number, series: number): void {
  if (steps * series <= maxReads) return
  throw new RequestError(
    `a query may read at most ${maxReads} values, this one reads ${steps * series} (${steps} steps of ${series} series): use a longer step, a later start or label matchers`,
  )
}

/** Returns the field of an answer that counts the histograms that were left out; nothing if there are none. */
export function incompleteJson(incomplete: number): string {
  return incomplete === 0 ? '' : `"incomplete":${incomplete},`
}
