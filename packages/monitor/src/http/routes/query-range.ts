import { setImmediate as nextIteration } from 'node:timers/promises'
import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { History } from '../../history/history.ts'
import { type InstantQuery, queryAt } from '../../history/queries.ts'

/** The steps of a range: the Unix time of the first, the milliseconds between two, and their number. */
export interface Steps {
  readonly startMs: number
  readonly stepMs: number
  readonly count: number
}

/** One series of the answer: its labels and its value at each step. */
export interface RangeSeries {
  readonly labels: Labels
  readonly points: Array<[timeMs: number, value: number]>
}

/** Milliseconds for which a query may block the event loop: about as long as a collection of all metrics. */
const sliceMs = 5

/**
 * Evaluates a query at every step. Yields to the event loop regularly, so that a long range does not delay the stores. Returns
 * `undefined` if the signal is aborted meanwhile.
 */
export async function queryRange(
  history: History,
  query: InstantQuery,
  { startMs, stepMs, count }: Steps,
  signal: AbortSignal,
): Promise<RangeSeries[] | undefined> {
  const seriesByKey = new Map<string, RangeSeries>()
  // Yields before the first slice, too: a query that was aborted while it waited costs nothing.
  let sliceEndMs = 0
  for (let index = 0; index < count; index++) {
    if (performance.now() >= sliceEndMs) {
      await nextIteration()
      if (signal.aborted) return undefined
      sliceEndMs = performance.now() + sliceMs
    }
    const timeMs = startMs + index * stepMs
    for (const { labels, value } of queryAt(history, query, timeMs)) {
      const key = seriesKey(labels)
      let series = seriesByKey.get(key)
      if (series === undefined) {
        series = { labels, points: [] }
        seriesByKey.set(key, series)
      }
      series.points.push([timeMs, value])
    }
  }
  return [...seriesByKey.values()]
}
