// Measures the queries of dashboards in a process of its own, so that the test's other work is not measured. It ends with its parent.
import { panelRequests } from './panel-request.ts'
import { isTooLong, measureRequests, summarize } from './timing.ts'

/** A dashboard and the backend to query, for all instances or one. */
export interface DashboardRequest {
  readonly backend: string
  readonly dashboard: string
  readonly instance?: string
  readonly lifeSeconds: number
}

process.on('SIGTERM', () => process.exit())
process.on('disconnect', () => process.exit())

process.on('message', async ({ backend, dashboard, instance, lifeSeconds }: DashboardRequest) => {
  try {
    const timings = await measureRequests(backend, panelRequests(dashboard, instance), lifeSeconds)
    const empty = timings.filter(({ series }) => series === 0)
    process.send?.({
      figures: summarize(timings),
      slow: timings.filter(isTooLong).map(formatPanel),
      empty: empty.map(formatPanel),
    })
  } catch (error) {
    process.send?.({ error: String(error) })
  }
})

function formatPanel({ panel, refId }: { readonly panel: string; readonly refId: string }): string {
  return `${panel} ${refId}`
}
