import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { History } from '../../../history/history.ts'
import { type InstantQuery, queryAt } from '../../../history/queries.ts'

/** The moments of a range: the first, how far apart, and how many. */
export interface Steps {
  readonly startMs: number
  readonly stepMs: number
  readonly count: number
}

export interface RangeSeries {
  readonly labels: Labels
  readonly points: Array<[timeMs: number, value: number]>
}

/** So long, in milliseconds, the process may do nothing else: about what a collection of all metrics takes. */
const sliceMs = 5

/**
 * The answer at every step. Between slices the event loop goes on, so that the store is not held up by who looks at it;
 * undefined where the asker went away meanwhile.
 */
export async function queryRange(
  history: History,
  question: InstantQuery,
  { startMs, stepMs, count }: Steps,
  asker: AbortSignal,
): Promise<RangeSeries[] | undefined> {
  const found = new Map<string, RangeSeries>()
  // The first slice begins in a turn of its own: of many who wait in line, those who went away cost nothing.
  let sliceEndMs = 0
  for (let index = 0; index < count; index++) {
    if (performance.now() >= sliceEndMs) {
      await nextTurn()
      if (asker.aborted) return undefined
      sliceEndMs = performance.now() + sliceMs
    }
    const timeMs = startMs + index * stepMs
    for (const { labels, value } of queryAt(history, question, timeMs)) {
      const identity = seriesKey(labels)
      let one = found.get(identity)
      if (one === undefined) {
        one = { labels, points: [] }
        found.set(identity, one)
      }
      one.points.push([timeMs, value])
    }
  }
  return [...found.values()]
}
