import type * as cog from '@grafana/grafana-foundation-sdk/cog'
import {
  DashboardLinkBuilder,
  DashboardLinkType,
  type DashboardLink as GrafanaLink,
} from '@grafana/grafana-foundation-sdk/dashboard'

/** UIDs of the dashboards. They never change: external links use them, and importing a dashboard again replaces it by its UID. */
export const uids = { overview: 'wombat-overview', engine: 'wombat-engine', fleet: 'wombat-fleet' } as const

/** Titles of the dashboards. */
export const titles = { overview: 'Wombat: Overview', engine: 'Wombat: Engine', fleet: 'Wombat: Fleet' } as const

/** Name of a dashboard: its file without `.json`. */
export type DashboardName = keyof typeof uids

/** The tag of every dashboard, by which they link to each other. */
export const tag = 'wombat'

/** A link of a panel. */
export interface PanelLink {
  readonly title: string
  readonly url: string
  readonly opensNewTab?: boolean
}

/** Returns a variable in Grafana's syntax: `${name}`. */
export function variable(name: string): string {
  return `\${${name}}`
}

/** Returns a variable for use in a URL: a store may be named `a&b`. */
function urlEncodedVariable(name: string): string {
  return variable(`${name}:percentencode`)
}

/** Query parameters that keep the time range, data source and service. */
const sharedParameters = `${variable('__url_time_range')}&${variable('datasource:queryparam')}&${variable('service:queryparam')}`

/** Returns a link from a series to its store on another dashboard, with the same time range, service and instance. */
export function storeLink(dashboard: DashboardName): PanelLink {
  return {
    title: `${variable('__field.labels.store')} in ${titles[dashboard]}`,
    url: `/d/${uids[dashboard]}?${sharedParameters}&${variable('instance:queryparam')}&var-store=${urlEncodedVariable('__field.labels.store')}`,
  }
}

/** Link from a series of the fleet to the Overview of its store and instance. */
export const instanceLink: PanelLink = {
  title: `Overview of ${variable('__field.labels.store')} on ${variable('__field.labels.instance')}`,
  url: `/d/${uids.overview}?${sharedParameters}&var-instance=${urlEncodedVariable('__field.labels.instance')}&var-store=${urlEncodedVariable('__field.labels.store')}`,
}

/** Link from a series of the fleet to the Overview of all stores of its instance. */
export const processLink: PanelLink = {
  title: `Overview of ${variable('__field.labels.instance')}`,
  url: `/d/${uids.overview}?${sharedParameters}&var-instance=${urlEncodedVariable('__field.labels.instance')}`,
}

/** Link from a table row to the Overview of its store and instance. */
export const tableRowLink: PanelLink = {
  title: `Overview of ${variable('__data.fields.Store')} on ${variable('__data.fields.Instance')}`,
  url: `/d/${uids.overview}?${sharedParameters}&var-instance=${urlEncodedVariable('__data.fields.Instance')}&var-store=${urlEncodedVariable('__data.fields.Store')}`,
}

/** Returns the builder of a panel link. */
export function buildLink({ title, url, opensNewTab = false }: PanelLink): cog.Builder<GrafanaLink> {
  return withoutPlacement(new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url).targetBlank(opensNewTab))
}

/** Removes the placement that the SDK sets by default: it moves links and annotations from the variable bar into a menu. */
export function withoutPlacement<Target extends { placement?: unknown }>(builder: cog.Builder<Target>): cog.Builder<Target> {
  const { placement: _default, ...target } = builder.build()
  return { build: () => target as Target }
}
