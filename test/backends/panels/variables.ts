import { dashboards } from '@wombat/test-support/panel-queries'
import { valuesBySeries } from './compare-routes.ts'
import { type Route, type RoutedQuery, routes, type VariableValues } from './panel-query.ts'
import { type Backends, type QueryResult, runQueries } from './results.ts'

type Variable = 'service' | 'instance' | 'store'
const names: readonly Variable[] = ['service', 'instance', 'store']

/** Values that Grafana offers for each variable, by route. */
export type OfferedValues = Readonly<Record<Route, Readonly<Record<Variable, readonly string[]>>>>

/** Returns the values that Grafana would offer: runs each variable's query with the values selected before it. */
export async function offeredValues(backends: Backends): Promise<OfferedValues> {
  const variables = Object.values(dashboards())[0]?.templating.list ?? []
  const found = {
    prometheus: { service: [], instance: [], store: [] },
    victoriaMetrics: { service: [], instance: [], store: [] },
  }
  const offered: Record<Route, Record<Variable, readonly string[]>> = found
  for (const name of names) {
    const { query: definition = '', regex = '' } = variables.find((variable) => variable.name === name) ?? {}
    const expr = definition.replace(/^query_result\((.*)\)$/, '$1')
    const query: RoutedQuery = { from: '', title: name, expr: { prometheus: expr, victoriaMetrics: expr }, metrics: [] }
    const [result] = await runQueries([query], backends, {
      prometheus: selectValues(offered.prometheus, names),
      victoriaMetrics: selectValues(offered.victoriaMetrics, names),
    })
    const pattern = new RegExp(regex.replace(/^\/|\/$/g, ''))
    for (const route of routes) {
      const values = result?.samples[route].flatMap(({ labels }) => pattern.exec(formatSeries(labels))?.[1] ?? []) ?? []
      offered[route][name] = [...new Set(values)].sort()
    }
  }
  return offered
}

/** Returns the selection of all these values; other variables are set to All. */
function selectValues(values: Readonly<Record<Variable, readonly string[]>>, of: readonly Variable[]): VariableValues {
  return Object.fromEntries(of.filter((name) => values[name].length > 0).map((name) => [name, formatSelection(values[name])]))
}

/**
 * Returns one message per wrong result of a selection: all values must give the same series as All, one store only its series and those
 * without a store, and an unknown service none.
 */
export async function selectionErrors(all: readonly RoutedQuery[], backends: Backends): Promise<string[]> {
  // The series above 0 may change between two queries.
  const queries = all.filter(({ isAboveZeroOnly }) => isAboveZeroOnly !== true)
  const offered = await offeredValues(backends)
  const store = offered.prometheus.store.at(-1) ?? ''
  const results = await runQueries(queries, backends)
  const allValues = byRoute((route) => selectValues(offered[route], names))
  const oneStore = byRoute(() => ({ store }))
  const unknownService = byRoute(() => ({ service: 'unknown' }))
  const unexpected = (await runQueries(queries, backends, unknownService)).flatMap(({ query, samples }) =>
    routes.filter((route) => samples[route].length > 0).map((route) => describeQuery(query, route)),
  )
  return [
    ...changes(results, await runQueries(queries, backends, allValues)),
    ...changes(results, await runQueries(queries, backends, oneStore), store),
    ...unexpected.map((title) => `${title}: has a result for an unknown service`),
  ]
}

/** Returns the series that a selection lost or added; with `store`, compared to the series of that store. */
function changes(all: readonly QueryResult[], selected: readonly QueryResult[], store?: string): string[] {
  return all.flatMap(({ query, samples }, index) =>
    routes.flatMap((route) => {
      // Which series are the highest changes from query to query, and with the selection.
      if (/\b(top|bottom)k\(/.test(query.expr[route])) return []
      // A sum without the label store does not show which stores it contains.
      if (store !== undefined && !samples[route].some(({ labels }) => labels['store'] !== undefined)) return []
      const isSelected = (series: string): boolean => store === undefined || [undefined, store].includes(storeLabel(series))
      const returned = new Set(valuesBySeries(selected[index]?.samples[route] ?? []).keys())
      const expected = new Set([...valuesBySeries(samples[route]).keys()].filter(isSelected))
      const lost = [...expected].filter((series) => !returned.has(series)).map((series) => `${series} is missing`)
      const unexpected = [...returned].filter((series) => !expected.has(series)).map((series) => `${series} was not selected`)
      return [...lost, ...unexpected].map((line) => `${describeQuery(query, route)}: ${line}`)
    }),
  )
}

function describeQuery({ from, title }: RoutedQuery, route: Route): string {
  return `${from}: ${title}, ${route}`
}

function byRoute(valuesFor: (route: Route) => VariableValues): Readonly<Record<Route, VariableValues>> {
  return { prometheus: valuesFor('prometheus'), victoriaMetrics: valuesFor('victoriaMetrics') }
}

function storeLabel(series: string): string | undefined {
  return (JSON.parse(series.trim()) as { store?: string }).store
}

/** Returns a series as Grafana passes it to a variable's regular expression. */
function formatSeries(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return `{${pairs.join(',')}} 1 1700000000000`
}

/** Returns selected values as Grafana writes them into a query: a regular expression, escaped for a quoted string. */
function formatSelection(values: readonly string[]): string {
  const escaped = values.map((value) => value.replace(/\\/g, '\\\\\\\\').replace(/[$^*{}[\]'+?.()|]/g, '\\\\$&'))
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`
}
