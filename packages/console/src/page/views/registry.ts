import type { ComponentType } from 'preact'
import type { IconName } from '../components/icon.tsx'
import type { ViewName } from '../routes.ts'
import { AlertsView } from './alerts/alerts-view.tsx'
import { ConfigurationView } from './configuration/configuration-view.tsx'
import { EngineView } from './engine/engine-view.tsx'
import { ExploreView } from './explore/explore-view.tsx'
import { HealthView } from './health/health-view.tsx'
import { OperationsView } from './operations/operations-view.tsx'
import { OverviewView } from './overview/overview-view.tsx'
import { SlowOperationsView } from './slow-operations/slow-operations-view.tsx'

export interface View {
  readonly name: ViewName
  readonly title: string
  readonly icon: IconName
  readonly component: ComponentType
  /** Whether it shows the time range of the page. */
  readonly hasRange: boolean
  /** Whether it shows the selected store only. */
  readonly hasStore: boolean
}

/** All views, in the order of the navigation. */
export const views: readonly View[] = [
  { name: 'overview', title: 'Overview', icon: 'overview', component: OverviewView, hasRange: false, hasStore: false },
  { name: 'operations', title: 'Operations', icon: 'operations', component: OperationsView, hasRange: true, hasStore: true },
  { name: 'engine', title: 'Engine', icon: 'engine', component: EngineView, hasRange: true, hasStore: true },
  { name: 'health', title: 'Health', icon: 'health', component: HealthView, hasRange: true, hasStore: true },
  { name: 'alerts', title: 'Alerts', icon: 'alerts', component: AlertsView, hasRange: true, hasStore: true },
  {
    name: 'slow-operations',
    title: 'Slow and failed',
    icon: 'slow-operations',
    component: SlowOperationsView,
    hasRange: true,
    hasStore: true,
  },
  { name: 'explore', title: 'Explore', icon: 'explore', component: ExploreView, hasRange: true, hasStore: true },
  {
    name: 'configuration',
    title: 'Configuration',
    icon: 'configuration',
    component: ConfigurationView,
    hasRange: false,
    hasStore: false,
  },
]
