import { dashboards, resolveVariables } from '@wombat/test-support/panel-queries'

/** One query of one panel as Grafana sends it. */
export interface PanelRequest {
  readonly dashboard: string
  readonly panel: string
  readonly refId: string
  readonly expr: string
  /** Whether it is an instant query, as in tables, and not a range query. */
  readonly isInstant: boolean
  readonly steps: number
}

/** Duration and size of a response. */
export interface RequestTiming {
  readonly milliseconds: number
  readonly series: number
}

/** Export and scrape interval. Grafana's rate interval is four times as long. */
export const intervalSeconds = 2
const rateInterval = `${4 * intervalSeconds}s`
/** Steps of 15 seconds. */
const stepsPerHour = 240

/** Returns every query of a dashboard, for all instances or one. */
export function panelRequests(dashboard: string, instance?: string): PanelRequest[] {
  const values = instance === undefined ? {} : { instance }
  const panels = dashboards()[dashboard]?.panels ?? []
  return panels.flatMap(({ title, type, maxDataPoints = stepsPerHour, targets = [] }) =>
    targets.map(({ refId, expr }) => ({
      dashboard,
      panel: title,
      refId,
      expr: resolveVariables(expr.replaceAll('$__rate_interval', rateInterval), values),
      isInstant: type === 'table',
      steps: Math.min(maxDataPoints, stepsPerHour),
    })),
  )
}

/**
 * Sends a query to a backend and waits for the whole response. The fleet is younger than the hour that a dashboard shows and its samples
 * are more frequent. So its lifetime is queried in as many steps as an hour has: each step finds as many series and samples per window
 * as it would in an hour.
 *
 * @throws Error with the backend's message.
 */
export async function sendRequest(
  backend: string,
  { expr, isInstant, steps }: PanelRequest,
  lifeSeconds: number,
): Promise<RequestTiming> {
  const endSeconds = Date.now() / 1000
  const range = { start: `${endSeconds - lifeSeconds}`, end: `${endSeconds}`, step: `${lifeSeconds / steps}` }
  // Without nocache, VictoriaMetrics would reuse the result of an earlier query.
  const body = new URLSearchParams({ query: expr, nocache: '1', ...(isInstant ? {} : range) })
  const startMs = performance.now()
  const response = await fetch(`${backend}/api/v1/${isInstant ? 'query' : 'query_range'}`, { method: 'POST', body })
  const text = await response.text()
  const milliseconds = performance.now() - startMs
  if (!response.ok) throw new Error(`${expr}: ${response.status} ${text}`)
  const { data } = JSON.parse(text) as { readonly data: { readonly result: readonly unknown[] } }
  return { milliseconds, series: data.result.length }
}
