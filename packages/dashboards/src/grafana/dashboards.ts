import { buildDashboard, type DashboardName } from './build-dashboard.ts'
import { engineRows } from './engine/engine.ts'
import { fleetRows } from './fleet/fleet.ts'
import { overviewRows } from './overview/overview.ts'

const descriptions: Readonly<Record<DashboardName, string>> = {
  overview: 'Is it well? Health, alerts, what the stores do and how well, what is near its limit, and what watching costs.',
  engine: 'What the engines under the stores say of themselves, in the order in which one asks in an incident.',
  fleet: 'Many processes and stores, the worst first.',
}
const rows = { overview: overviewRows, engine: engineRows, fleet: fleetRows } as const

/** Every dashboard as the text of its file. Made twice, it is the same. */
export const dashboardFiles: Readonly<Record<`${DashboardName}.json`, string>> = {
  'overview.json': text('overview'),
  'engine.json': text('engine'),
  'fleet.json': text('fleet'),
}

function text(name: DashboardName): string {
  return `${JSON.stringify(buildDashboard(name, descriptions[name], rows[name]), undefined, 2)}\n`
}
