import { metrics } from '@wombat/instrumentation'
import { dashboards, metricsIn, type resolved } from '@wombat/test-support/panel-queries'

/** The two ways by which numbers reach whoever is asked: scraped by Prometheus, or over OTLP and a Collector to VictoriaMetrics. */
export const routes = ['prometheus', 'victoriaMetrics'] as const
export type Route = (typeof routes)[number]

/** What the variables of a dashboard are set to. */
export type Chosen = Parameters<typeof resolved>[1]

/** One query of a panel, or the expression of a rule. */
export interface Question {
  /** The dashboard, or the file of rules. */
  readonly from: string
  /** The panel's title and the query's letter; the rule's name and what tells it from others of that name. */
  readonly title: string
  /** By each way; with variables, where it is a panel's. */
  readonly expr: Readonly<Record<Route, string>>
  /** The catalogue's metrics that it asks for. A name that is not in the catalogue is none of them. */
  readonly metrics: readonly string[]
  /** What its panel says while that is empty, and the metrics of all its queries; a rule says nothing. */
  readonly panel?: { readonly noValue: string; readonly metrics: readonly string[] }
  /** Whether it keeps only what is above 0: while all is well, that is nothing. It is asked once more without that bound. */
  readonly isAboveZeroOnly?: boolean
}

/** Every query of every panel, as its committed file has it. */
export function panelQuestions(): Question[] {
  return Object.entries(dashboards()).flatMap(([from, { panels }]) =>
    panels.flatMap(({ title, targets = [], fieldConfig }) => {
      const panel = {
        noValue: fieldConfig?.defaults.noValue ?? '',
        metrics: targets.flatMap(({ expr }) => catalogued(expr)),
      }
      return targets.flatMap(({ refId, expr }) => {
        const question = { ...bothWays(expr), from, title: `${title}, ${refId}`, panel }
        const unbounded = withoutBound(expr)
        if (unbounded === undefined) return [question]
        return [
          { ...question, isAboveZeroOnly: true },
          { ...question, ...bothWays(unbounded), title: `${question.title}, not only above 0` },
        ]
      })
    }),
  )
}

/** What is asked for of an expression that keeps what is above 0, or of that the most; undefined for any other. */
export function withoutBound(expression: string): string | undefined {
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

function bothWays(expr: string): Pick<Question, 'expr' | 'metrics'> {
  return { expr: { prometheus: expr, victoriaMetrics: expr }, metrics: catalogued(expr) }
}

/** The metrics of the catalogue in an expression. */
export function catalogued(expression: string): string[] {
  return metricsIn(expression).filter((name) => Object.hasOwn(metrics, name))
}
