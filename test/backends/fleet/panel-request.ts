import { dashboards, resolved } from '@wombat/test-support/panel-queries'

/** One query of one panel, as Grafana would ask it. */
export interface PanelAsk {
  readonly dashboard: string
  readonly panel: string
  readonly refId: string
  readonly expr: string
  /** A table asks for now, everything else for the time that is shown. */
  readonly isInstant: boolean
  readonly steps: number
}

/** How a backend answered. */
export interface Answered {
  readonly milliseconds: number
  readonly series: number
}

/** How often the numbers come, and so Grafana's window of a rate: four times as long. */
export const intervalSeconds = 2
const rateInterval = `${4 * intervalSeconds}s`
/** An hour in steps of 15 seconds has as many. */
const stepsOfAnHour = 240

/** Every query of a dashboard, of all that there is or of one instance. */
export function panelAsks(dashboard: string, instance?: string): PanelAsk[] {
  const values = instance === undefined ? {} : { instance }
  const panels = dashboards()[dashboard]?.panels ?? []
  return panels.flatMap(({ title, type, maxDataPoints = stepsOfAnHour, targets = [] }) =>
    targets.map(({ refId, expr }) => ({
      dashboard,
      panel: title,
      refId,
      expr: resolved(expr.replaceAll('$__rate_interval', rateInterval), values),
      isInstant: type === 'table',
      steps: Math.min(maxDataPoints, stepsOfAnHour),
    })),
  )
}

/**
 * Asks a backend and waits for the whole answer. The fleet is younger than the hour that a dashboard shows and its numbers come
 * more often than usual: its short life is asked for in as many steps as an hour has, and each finds every series, with as many
 * samples in its window, as it would there.
 *
 * @throws Error with the backend's complaint.
 */
export async function answered(backend: string, { expr, isInstant, steps }: PanelAsk, lifeSeconds: number): Promise<Answered> {
  const endSeconds = Date.now() / 1000
  const range = { start: `${endSeconds - lifeSeconds}`, end: `${endSeconds}`, step: `${lifeSeconds / steps}` }
  // VictoriaMetrics would answer from what it remembers of an earlier question.
  const body = new URLSearchParams({ query: expr, nocache: '1', ...(isInstant ? {} : range) })
  const startMs = performance.now()
  const response = await fetch(`${backend}/api/v1/${isInstant ? 'query' : 'query_range'}`, { method: 'POST', body })
  const text = await response.text()
  const milliseconds = performance.now() - startMs
  if (!response.ok) throw new Error(`${expr}: ${response.status} ${text}`)
  const { data } = JSON.parse(text) as { readonly data: { readonly result: readonly unknown[] } }
  return { milliseconds, series: data.result.length }
}
