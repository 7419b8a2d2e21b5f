// A process of its own that asks dashboards' queries, so that nothing else that a test does is in the times. It ends with its parent.
import { panelAsks } from './panel-request.ts'
import { figuresOf, isTooLong, timed } from './timing.ts'

/** Which dashboard, asked of which backend, for all that there is or for one instance. */
export interface DashboardAsk {
  readonly backend: string
  readonly dashboard: string
  readonly instance?: string
  readonly lifeSeconds: number
}

process.on('SIGTERM', () => process.exit())
process.on('disconnect', () => process.exit())

process.on('message', async ({ backend, dashboard, instance, lifeSeconds }: DashboardAsk) => {
  try {
    const timings = await timed(backend, panelAsks(dashboard, instance), lifeSeconds)
    const silent = timings.filter(({ series }) => series === 0)
    process.send?.({ figures: figuresOf(timings), late: timings.filter(isTooLong).map(named), silent: silent.map(named) })
  } catch (error) {
    process.send?.({ error: String(error) })
  }
})

function named({ panel, refId }: { readonly panel: string; readonly refId: string }): string {
  return `${panel} ${refId}`
}
