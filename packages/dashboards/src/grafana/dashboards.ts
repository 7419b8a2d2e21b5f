import { buildDashboard } from './build-dashboard.ts'
import { engineRows } from './engine/engine.ts'
import { fleetRows } from './fleet/fleet.ts'
import type { DashboardName } from './links.ts'
import { overviewRows } from './overview/overview.ts'

const descriptions: Readonly<Record<DashboardName, string>> = {
  overview: 'Health, alerts, operations, saturation and monitoring overhead of the selected services, instances and stores.',
  engine:
    'Internals of the storage engines, in the order of an incident investigation: write stalls, levels, flushes, memory, cache, disk, compaction, errors.',
  fleet: 'All processes and stores, the worst first.',
}
const rows = { overview: overviewRows, engine: engineRows, fleet: fleetRows } as const

/** The dashboards as JSON text, by file name. The text is the same on every run. */
export const dashboardFiles: Readonly<Record<`${DashboardName}.json`, string>> = {
  'overview.json': dashboardJson('overview'),
  'engine.json': dashboardJson('engine'),
  'fleet.json': dashboardJson('fleet'),
}

function dashboardJson(name: DashboardName): string {
  return `${JSON.stringify(buildDashboard(name, descriptions[name], rows[name]), undefined, 2)}\n`
}
