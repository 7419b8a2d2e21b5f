import { metrics } from '@wombat/instrumentation'
import { dashboards, metricsIn, type resolveVariables } from '@wombat/test-support/panel-queries'

/** The two routes: Prometheus scrapes the process, or the process sends OTLP through a Collector to VictoriaMetrics. */
export const routes = ['prometheus', 'victoriaMetrics'] as const
/** One of the two routes. */
export type Route = (typeof routes)[number]

/** Values of the dashboard variables. */
export type VariableValues = Parameters<typeof resolveVariables>[1]

/** A query of a panel or an expression of a rule, with its variant for each route. */
export interface RoutedQuery {
  /** The dashboard or the rule file. */
  readonly from: string
  /** Panel title and query letter, or rule name and distinguishing labels. */
  readonly title: string
  /** PromQL by route; queries of panels contain dashboard variables. */
  readonly expr: Readonly<Record<Route, string>>
  /** Metrics of the catalog in the expression. */
  readonly metrics: readonly string[]
  /** The panel's no-value text and the metrics of all its queries; absent for a rule. */
  readonly panel?: { readonly noValue: string; readonly metrics: readonly string[] }
  /** Whether it keeps values above 0 only: without problems, it is empty. A second query leaves the limit out. */
  readonly isAboveZeroOnly?: boolean
}

/** Returns every query of the committed dashboards. */
export function dashboardQueries(): RoutedQuery[] {
  return Object.entries(dashboards()).flatMap(([from, { panels }]) =>
    panels.flatMap(({ title, targets = [], fieldConfig }) => {
      const panel = {
        noValue: fieldConfig?.defaults.noValue ?? '',
        metrics: targets.flatMap(({ expr }) => catalogMetrics(expr)),
      }
      return targets.flatMap(({ refId, expr }) => {
        const query = { ...onBothRoutes(expr), from, title: `${title}, ${refId}`, panel }
        const withoutLimit = withoutLowerLimit(expr)
        if (withoutLimit === undefined) return [query]
        return [
          { ...query, isAboveZeroOnly: true },
          { ...query, ...onBothRoutes(withoutLimit), title: `${query.title}, without limit` },
        ]
      })
    }),
  )
}

/** Returns the expression without its limit `> 0`, also inside `topk`; `undefined` if it has none. */
export function withoutLowerLimit(expression: string): string | undefined {
  const [, before = '', closing = ''] = /^(.*\)) > 0(\)*)$/s.exec(expression) ?? []
  const [opening] = new RegExp(`^(?:topk\\(\\d+, |\\(){${closing.length}}`).exec(before) ?? []
  if (opening === undefined || before === '') return undefined
  let depth = 0
  for (const character of before.slice(opening.length)) {
    depth += character === '(' ? 1 : character === ')' ? -1 : 0
    if (depth < 0) return undefined
  }
  return depth === 0 ? before + closing : undefined
}

function onBothRoutes(expr: string): Pick<RoutedQuery, 'expr' | 'metrics'> {
  return { expr: { prometheus: expr, victoriaMetrics: expr }, metrics: catalogMetrics(expr) }
}

/** Returns the metrics of the catalog in an expression. */
export function catalogMetrics(expression: string): string[] {
  return metricsIn(expression).filter((name) => Object.hasOwn(metrics, name))
}
