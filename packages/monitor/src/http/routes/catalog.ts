import type { MetricKind } from '@wombat/instrumentation'
import { Hono } from 'hono'
import type { SearchableHistory } from '../../history/history.ts'
import { type CatalogEntry, listMetrics, mainSeries } from '../../history/metric-catalog.ts'
import type { TimeSlices } from '../../time/time-slices.ts'
import { suggest } from '../../validation/format-issue.ts'
import { jsonList, toJson } from '../json-answer.ts'
import { type QueryRunner, RequestError } from '../query-runner.ts'

/** One metric as the catalog describes it. */
interface CatalogMetric {
  readonly name: string
  readonly kind: MetricKind
  readonly unit: string | undefined
  readonly description: string | undefined
  /** The names of its labels: those of the definition, then others that its series have. */
  readonly labels: readonly string[]
  /** Its series in the history; of a histogram, without its buckets. */
  readonly series: number
}

const maxValues = 1000

/**
 * Creates `GET /api/v1/catalog`: all metrics of the catalog and of the history, with their labels and the number of their series; and
 * `GET /api/v1/catalog/METRIC`: one of them, with the values of its labels. 404 with the nearest name if there is no such metric.
 */
export function catalogRoutes(runner: QueryRunner): Hono {
  const { history, registry } = runner
  return new Hono()
    .get('/api/v1/catalog', (context) =>
      runner.answer(context, async (slices) => {
        const metrics: CatalogMetric[] = []
        for (const entry of listMetrics(history, registry).values()) {
          metrics.push((await describeMetric(entry, history, slices)).metric)
        }
        metrics.sort((one, other) => (one.name < other.name ? -1 : 1))
        return { createPieces: () => catalogJson(metrics) }
      }),
    )
    .get('/api/v1/catalog/:metric', (context) =>
      runner.answer(context, async (slices) => {
        const name = context.req.param('metric')
        const entries = listMetrics(history, registry)
        const entry = entries.get(name)
        if (entry === undefined) {
          const nearest = suggest(name, [...entries.keys()]) || ': /api/v1/catalog has all'
          throw new RequestError(`there is no metric ${JSON.stringify(name)}${nearest}`, 404)
        }
        const { metric, values } = await describeMetric(entry, history, slices)
        const sorted = [...values].map(([label, all]) => [label, [...all].sort().slice(0, maxValues)] as const)
        return { createPieces: () => [toJson({ ...metric, values: Object.fromEntries(sorted) })] }
      }),
    )
}

function* catalogJson(metrics: readonly CatalogMetric[]): Generator<string> {
  yield '{"metrics":'
  yield* jsonList(metrics)
  yield '}'
}

/** Returns a metric as the catalog describes it, and the values of its labels. */
async function describeMetric(
  entry: CatalogEntry,
  history: SearchableHistory,
  slices: TimeSlices,
): Promise<{ metric: CatalogMetric; values: ReadonlyMap<string, ReadonlySet<string>> }> {
  const { name, kind, definition } = entry
  const series = history.select(mainSeries(entry))
  const values = new Map<string, Set<string>>()
  for (const { labels } of series) {
    for (const label in labels) {
      const known = values.get(label) ?? new Set()
      values.set(label, known)
      known.add(labels[label] ?? '')
    }
    if (slices.isDue) await slices.pause()
  }
  const labels = [...new Set([...(definition?.attributes ?? []), ...values.keys()])]
  const { unit, description } = definition ?? {}
  return { metric: { name, kind, unit, description, labels, series: series.length }, values }
}
