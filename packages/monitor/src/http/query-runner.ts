import type { MetricsRegistry } from '@wombat/instrumentation'
import type { Context } from 'hono'
import type { SearchableHistory } from '../history/history.ts'
import {
  evaluateGroups,
  groupSeries,
  QueryError,
  type SeriesGroup,
  type SeriesQuery,
  type SeriesResult,
  type Steps,
  selectSeries,
} from '../history/series-query.ts'
import type { TimeSlices } from '../history/time-slices.ts'
import { answerSlices, clientGone } from './json-answer.ts'
import { SerialQueue } from './serial-queue.ts'

const maxSeries = 1000
/** Steps times series of one query: some seconds of work in slices, and some ten megabytes. */
const maxReads = 3_000_000
/** Queries that run or wait: about as many as a page with many panels requests at once. */
const maxQueued = 16

/** A request that cannot be answered. The message has the problem and what to do. */
export class RequestError extends Error {}

/** Too many queries wait. */
class BusyError extends Error {}

/** What the endpoints that read the history have in common: their queries run one at a time, in slices, and within limits. */
export class QueryRunner {
  readonly history: SearchableHistory
  readonly registry: MetricsRegistry
  /** Returns the Unix time in milliseconds. */
  readonly now: () => number
  readonly #queue = new SerialQueue(maxQueued)

  constructor(history: SearchableHistory, registry: MetricsRegistry, now: () => number) {
    this.history = history
    this.registry = registry
    this.now = now
  }

  /** Evaluates a query after those before it. Series without a value are left out. @throws as `run` does. */
  async evaluate(query: SeriesQuery, steps: Steps, slices: TimeSlices): Promise<SeriesResult[]> {
    const results = await this.run(query, steps, slices, (groups) => evaluateGroups(this.history, query, groups, steps, slices))
    return results.filter(({ values }) => !values.isEmpty)
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
    work: (groups: readonly SeriesGroup[]) => Promise<Result>,
  ): Promise<Result> {
    return this.runNext(async () => work(await this.#selectGroups(query, steps, slices)))
  }

  /** Runs work that reads the history after the queries before it. */
  async runNext<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.run(work)
    if (result === undefined) throw new BusyError(`${maxQueued} queries run or wait already: try again`)
    return result
  }

  /** Answers a request; an error of it becomes a 400, or a 503 if too many wait or the client has gone. */
  async answer(context: Context, work: (slices: TimeSlices) => Promise<Response>): Promise<Response> {
    try {
      return await work(answerSlices(context))
    } catch (error) {
      if (error instanceof RequestError || error instanceof QueryError) return context.json({ error: error.message }, 400)
      if (error instanceof BusyError) return context.json({ error: error.message }, 503, { 'retry-after': '1' })
      if (context.req.raw.signal.aborted) return clientGone(context)
      throw error
    }
  }

  async #selectGroups(query: SeriesQuery, steps: Steps, slices: TimeSlices): Promise<SeriesGroup[]> {
    // A query whose client has gone while it waited costs nothing.
    await slices.pause()
    const series = await selectSeries(this.history, query, slices)
    checkReads(steps.count, series.length)
    const groups = await groupSeries(query, series, slices)
    const count = groups.length * Math.max(1, query.quantiles?.length ?? 1)
    checkSeries(count)
    return groups
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
