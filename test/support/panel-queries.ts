import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { metrics } from '@wombat/instrumentation'

const folder = join(import.meta.dirname, '../../packages/dashboards/generated/dashboards')

/** The parts of a generated panel that tests use. */
export interface GeneratedPanel {
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly repeat?: string
  readonly maxDataPoints?: number
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: ReadonlyArray<{
    readonly refId: string
    readonly expr: string
    readonly legendFormat?: string
    readonly exemplar?: boolean
  }>
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string
      readonly noValue?: string
      readonly thresholds?: { readonly steps: ReadonlyArray<{ readonly value: number | null; readonly color: string }> }
    }
  }
}

/** The parts of a generated dashboard that tests use. */
export interface GeneratedDashboard {
  readonly id?: number
  readonly uid: string
  readonly title: string
  readonly tags: readonly string[]
  readonly panels: readonly GeneratedPanel[]
  readonly templating: {
    readonly list: ReadonlyArray<{
      readonly type: string
      readonly name: string
      readonly query?: string
      readonly regex?: string
    }>
  }
  readonly annotations: { readonly list: ReadonlyArray<{ readonly name: string; readonly expr: string }> }
}

/** One query of one panel with all variables set to All and a rate window of one minute. */
export interface PanelQuery {
  /** Name of the file without `.json`. */
  readonly dashboard: string
  readonly panel: string
  readonly refId: string
  readonly expr: string
  /** Metrics of the catalog that it queries. */
  readonly metrics: readonly string[]
}

/** Returns the committed dashboards, by file name without `.json`. */
export function dashboards(): Readonly<Record<string, GeneratedDashboard>> {
  const names = readdirSync(folder).sort()
  return Object.fromEntries(
    names.map((name) => [name.replace('.json', ''), JSON.parse(readFileSync(join(folder, name), 'utf8'))]),
  )
}

/** Returns every query of every panel of every dashboard. */
export function panelQueries(): PanelQuery[] {
  return Object.entries(dashboards()).flatMap(([dashboard, { panels }]) =>
    panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr }) => ({
        dashboard,
        panel: title,
        refId,
        expr: resolveVariables(expr),
        metrics: metricsIn(expr).filter((name) => Object.hasOwn(metrics, name)),
      })),
    ),
  )
}

/** Returns the query that Grafana sends with these values of the variables (default: All). */
export function resolveVariables(
  expression: string,
  values: Partial<Record<'service' | 'instance' | 'store', string>> = {},
): string {
  const window = expression.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h')
  return window.replace(/\$(service|instance|store)\b/g, (_all, name: 'service' | 'instance' | 'store') => values[name] ?? '.*')
}

/** Returns the names in an expression that look like Wombat metrics, without histogram suffixes. */
export function metricsIn(expression: string): string[] {
  const names = expression.match(/\b(?:db|wombat)_\w+/g) ?? []
  return [...new Set(names.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')))]
}
