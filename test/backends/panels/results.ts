import { resolveVariables } from '@wombat/test-support/panel-queries'
import { query as queryBackend } from '@wombat/test-support/query'
import type { Sample } from '@wombat/test-support/sample'
import type { VictoriaMetrics } from '@wombat/test-support/victoria-metrics'
import { type Route, type RoutedQuery, routes, type VariableValues } from './panel-query.ts'

/** A query with its samples by route, finite values only: Grafana draws no others. */
export interface QueryResult {
  readonly query: RoutedQuery
  readonly samples: Readonly<Record<Route, readonly Sample[]>>
}

/** The backends at the ends of the two routes. */
export interface Backends {
  readonly prometheus: { readonly url: string }
  readonly victoriaMetrics: Pick<VictoriaMetrics, 'url' | 'query'>
}

/** Queries at a time: the backends share the machine with the measured process. */
const concurrency = 8

/** Runs every query on every route. @throws Error with the message of a backend. */
export async function runQueries(
  queries: readonly RoutedQuery[],
  backends: Backends,
  variables: Readonly<Record<Route, VariableValues>> = { prometheus: {}, victoriaMetrics: {} },
): Promise<QueryResult[]> {
  // VictoriaMetrics' helper waits with its first query until recent samples are visible.
  await backends.victoriaMetrics.query('vector(1)')
  const results: QueryResult[] = []
  for (let first = 0; first < queries.length; first += concurrency) {
    const batch = queries.slice(first, first + concurrency).map(async (query) => {
      const [prometheus = [], victoriaMetrics = []] = await Promise.all(
        routes.map(async (route) => {
          const samples = await queryBackend(backends[route].url, resolveVariables(query.expr[route], variables[route]))
          return samples.filter(({ value }) => Number.isFinite(value))
        }),
      )
      return { query, samples: { prometheus, victoriaMetrics } }
    })
    results.push(...(await Promise.all(batch)))
  }
  return results
}
