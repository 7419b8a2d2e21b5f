import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { metrics } from '@wombat/instrumentation'

const folder = join(import.meta.dirname, '../../packages/dashboards/generated/dashboards')

/** A panel as its file has it: what these tests look at. */
export interface GeneratedPanel {
  readonly type: string
  readonly title: string
  readonly description?: string
  readonly repeat?: string
  readonly maxDataPoints?: number
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets?: ReadonlyArray<{ readonly refId: string; readonly expr: string; readonly legendFormat?: string }>
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string
      readonly noValue?: string
      readonly thresholds?: { readonly steps: ReadonlyArray<{ readonly value: number | null; readonly color: string }> }
    }
  }
}

/** A dashboard as its file has it. */
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

/** One query of one panel, ready to be asked: its variables are set to All, and the window of its rates to a minute. */
export interface PanelQuery {
  /** The file without `.json`. */
  readonly dashboard: string
  readonly panel: string
  readonly refId: string
  readonly expr: string
  /** The catalogue's metrics that it asks for. */
  readonly metrics: readonly string[]
}

/** The committed dashboards, by the name of the file without `.json`. */
export function dashboards(): Readonly<Record<string, GeneratedDashboard>> {
  const names = readdirSync(folder).sort()
  return Object.fromEntries(
    names.map((name) => [name.replace('.json', ''), JSON.parse(readFileSync(join(folder, name), 'utf8'))]),
  )
}

/** Every query of every panel of every dashboard. */
export function panelQueries(): PanelQuery[] {
  return Object.entries(dashboards()).flatMap(([dashboard, { panels }]) =>
    panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ refId, expr }) => ({
        dashboard,
        panel: title,
        refId,
        expr: resolved(expr),
        metrics: metricsIn(expr).filter((name) => Object.hasOwn(metrics, name)),
      })),
    ),
  )
}

/** What Grafana would ask for with these values of the variables; by default, for all there is. */
export function resolved(expression: string, values: Partial<Record<'service' | 'instance' | 'store', string>> = {}): string {
  const window = expression.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h')
  return window.replace(/\$(service|instance|store)\b/g, (_all, name: 'service' | 'instance' | 'store') => values[name] ?? '.*')
}

/** Names that look like a metric of ours, as the catalogue would write them. */
export function metricsIn(expression: string): string[] {
  const names = expression.match(/\b(?:db|wombat)_\w+/g) ?? []
  return [...new Set(names.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')))]
}
