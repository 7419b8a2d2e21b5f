import { Hono } from 'hono'
import type { ExemplarHistory, KeptExemplar } from '../../history/exemplar-history.ts'
import type { HistorySeries } from '../../history/series.ts'
import { type BucketSteps, combineBuckets } from '../../history/series-query.ts'
import { seriesIncrease } from '../../history/window-queries.ts'
import { jsonList } from '../json-answer.ts'
import { incompleteJson, type QueryRunner, type Selection } from '../query-runner.ts'
import { functionParameters, parseRequest, type Range, rangeParameters, toQuery, toRange } from './query-parameters.ts'

const { metric } = functionParameters
const parameters = { metric, ...rangeParameters }

/** Of more, the newest ones. */
const maxExemplars = 500

/**
 * Creates `GET /api/v1/heatmap`: how many values fell into each bucket of histograms, at every step of a range, with
 * exemplars. Several histograms are added up; 400 if their buckets differ.
 */
export function heatmapRoutes(runner: QueryRunner, exemplars: ExemplarHistory): Hono {
  const { history } = runner
  return new Hono().get('/api/v1/heatmap', (context) =>
    runner.answer(context, async (slices) => {
      const { parameters: given, where } = parseRequest(parameters, context.req.queries())
      const range = toRange(given, runner.now())
      // Selects the buckets; what they are at a step is read here.
      const buckets = { metric: given.metric, function: 'quantile', quantile: [0.5], by: '', window: range.stepMs } as const
      const query = await toQuery({ parameters: { ...buckets, aggregate: undefined }, where }, runner, slices)
      const combine = async ({ groups: [group], incomplete }: Selection) => {
        const read = (series: HistorySeries, timeMs: number) => seriesIncrease(history, series, range.stepMs, timeMs)
        return { columns: await combineBuckets(group?.series ?? [], read, range, slices), incomplete }
      }
      // Every step is a window: longer ones have as many samples.
      const { columns, incomplete } = await runner.run(query, range, slices, combine, ['start', 'labels'])
      const fromMs = range.startMs - range.stepMs
      const found = exemplars.find(query.metrics, where, fromMs, range.endMs, maxExemplars)
      return { createPieces: () => heatmapJson(range, columns, incomplete, found), points: columns.length * range.count }
    }),
  )
}

function* heatmapJson(
  { startMs, endMs, stepMs, count }: Range,
  unsorted: readonly BucketSteps[],
  incomplete: number,
  exemplars: readonly KeptExemplar[],
): Generator<string> {
  const buckets = [...unsorted].sort((one, other) => one.le - other.le)
  yield `{"startMs":${startMs},"endMs":${endMs},"stepMs":${stepMs},${incompleteJson(incomplete)}"bounds":`
  yield* jsonList(buckets.map(({ le }) => le))
  yield ',"columns":['
  let separator = ''
  for (let index = 0; index < count; index++) {
    const counts = ownCounts(buckets, index)
    if (counts === undefined) continue
    yield `${separator}[${startMs + index * stepMs},${JSON.stringify(counts)}]`
    separator = ','
  }
  yield ']'
  if (exemplars.length > 0) {
    yield ',"exemplars":'
    yield* jsonList(exemplars.map(({ le, ...exemplar }) => ({ ...exemplar, le: Number.isFinite(le) ? le : '+Inf' })))
  }
  yield '}'
}

/** Returns how many values fell into each bucket itself in a step: the buckets of the history are cumulative. Undefined if unknown. */
function ownCounts(buckets: readonly BucketSteps[], index: number): number[] | undefined {
  const counts: number[] = []
  let below = 0
  for (const { counts: cumulative } of buckets) {
    const upTo = cumulative.at(index)
    if (upTo === undefined) return undefined
    // Where a window cuts a step of the history, the counts of its buckets are estimates.
    counts.push(Math.max(0, upTo - below))
    below = Math.max(below, upTo)
  }
  return counts.length === 0 ? undefined : counts
}
