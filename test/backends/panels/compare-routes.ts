import { metrics } from '@wombat/instrumentation'
import { prometheusLabels, victoriaMetricsLabels } from '@wombat/test-support/added-labels'
import { metricsIn } from '@wombat/test-support/panel-queries'
import { indexSamples, type Sample } from '@wombat/test-support/sample'
import { isEqualTo12Digits } from '@wombat/test-support/victoria-metrics'
import { explainGap, reportingEngines, unreportedMetrics } from './expected-gaps.ts'
import { type RoutedQuery, routes } from './panel-query.ts'
import type { QueryResult } from './results.ts'

/** Labels that the backends add to identify the process. */
const addedLabels = [...prometheusLabels, ...victoriaMetricsLabels]

/** OTLP has no staleness markers: VictoriaMetrics returns an alert that has ended for five more minutes. */
const metricsWithoutStaleMarkers: readonly string[] = ['db_alerts']
const mayEndLater = ({ metrics }: RoutedQuery): boolean => metrics.some((name) => metricsWithoutStaleMarkers.includes(name))

/** Returns one message per problem in the results for a process with stores on these engines. */
export async function routeErrors(results: readonly QueryResult[], engines: readonly string[]): Promise<string[]> {
  const found = await Promise.all(results.map((result) => compareResult(result, engines)))
  return found.flat()
}

async function compareResult({ query, samples }: QueryResult, engines: readonly string[]): Promise<string[]> {
  const title = `${query.from}: ${query.title}`
  const unknown = metricsIn(query.expr.victoriaMetrics).filter((name) => !Object.hasOwn(metrics, name))
  if (unknown.length > 0) return [`${title}: queries ${unknown}, which is not in the metric catalog`]
  const gap = await explainGap(query, engines)
  const emptyRoutes = routes.filter((route) => samples[route].length === 0)
  // The backends are queried at different moments: a value above 0 may have been there for one of them only.
  if (gap?.kind === 'event') return []
  if (emptyRoutes.length === routes.length && gap !== undefined) {
    if (gap.kind === 'option') return optionErrors(query, title, gap.why)
    return gap.kind === 'engine' ? noValueErrors(query, title) : []
  }
  if (emptyRoutes.length > 0) return emptyRoutes.map((route) => `${title}: no result from ${route}`)
  const unreported = unreportedMetrics(query.metrics, engines)
  if (unreported.length === query.metrics.length)
    return [`${title}: has a result, although no store on ${engines} reports ${unreported}`]
  const [scraped, sent] = [valuesBySeries(samples.prometheus), valuesBySeries(samples.victoriaMetrics)]
  const missing = [...scraped.keys()].filter((series) => !sent.has(series)).map((series) => `${series} in prometheus only`)
  const more = [...sent.keys()].filter((series) => !scraped.has(series)).map((series) => `${series} in victoriaMetrics only`)
  return [...missing, ...(mayEndLater(query) ? [] : more)].map((line) => `${title}: ${line}`)
}

/** The no-value text of an empty panel must name the option that its metrics need. Rules have no such text. */
function optionErrors({ panel }: RoutedQuery, title: string, option: string): string[] {
  if (panel === undefined || panel.noValue.includes(option)) return []
  return [`${title}: no result, and the no-value text does not say "${option}": ${panel.noValue}`]
}

/** The no-value text of an empty panel must name an engine that reports its metrics. Rules have no such text. */
function noValueErrors({ panel }: RoutedQuery, title: string): string[] {
  if (panel === undefined) return []
  const { noValue } = panel
  const engines = [...new Set(panel.metrics.flatMap(reportingEngines))]
  const namesEngine =
    engines.length === 0 ? noValue.startsWith('No engine reports this') : engines.some((one) => noValue.includes(one))
  return namesEngine ? [] : [`${title}: no result, and the no-value text names no engine: ${noValue}`]
}

/**
 * Returns one message per series with different values in the two backends. Only series with the same value in all rounds are
 * compared. Queries over a window are left out: the backends treat the edges of a window differently.
 */
export function valueDifferences(rounds: ReadonlyArray<readonly QueryResult[]>): string[] {
  const last = rounds.at(-1) ?? []
  return last.flatMap(({ query, samples }, index) => {
    if (query.expr.victoriaMetrics.includes('[') || mayEndLater(query)) return []
    const byRound = rounds.map((results) => routes.map((route) => valuesBySeries(results[index]?.samples[route] ?? [])))
    return [...valuesBySeries(samples.prometheus)].flatMap(([series, scraped]) => {
      const sent = valuesBySeries(samples.victoriaMetrics).get(series)
      const isConstant = byRound.every(([one, other]) => one?.get(series) === scraped && other?.get(series) === sent)
      if (!isConstant || sent === undefined || isEqualTo12Digits(scraped, sent)) return []
      return [`${query.from}: ${query.title}: ${series} is ${scraped} in prometheus and ${sent} in victoriaMetrics`]
    })
  })
}

/** Returns values by labels, without added labels. The metric name is ignored: the backends keep it in different expressions. */
export function valuesBySeries(samples: readonly Sample[]): ReadonlyMap<string, number> {
  return indexSamples(
    samples.map((sample) => ({ ...sample, name: '' })),
    addedLabels,
  )
}
