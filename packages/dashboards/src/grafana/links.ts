/** A variable as Grafana writes it. */
export function variable(name: string): string {
  return `\${${name}}`
}

export interface DataLink {
  readonly title: string
  readonly url: string
  /** Opens beside the dashboard, not in its place. */
  readonly isElsewhere?: boolean
}

/** Never changed: links from elsewhere lead there, and importing again replaces what is there. */
export const uids = { overview: 'wombat-overview', engine: 'wombat-engine', fleet: 'wombat-fleet' } as const

/** All dashboards have this tag, by which they link to each other. */
export const tag = 'wombat'

/** The same within an address: a store may be called `a&b`. */
function encoded(name: string): string {
  return variable(`${name}:percentencode`)
}

const kept = `${variable('__url_time_range')}&${variable('datasource:queryparam')}&${variable('service:queryparam')}`

/** From a line to its store on another dashboard; time, service and instance are kept. */
export function toStore(dashboard: keyof typeof uids): DataLink {
  return {
    title: `${variable('__field.labels.store')} in ${titles[dashboard]}`,
    url: `/d/${uids[dashboard]}?${kept}&${variable('instance:queryparam')}&var-store=${encoded('__field.labels.store')}`,
  }
}

/** From a line of many instances to the one it is of. */
export const toInstance: DataLink = {
  title: `Overview of ${variable('__field.labels.store')} on ${variable('__field.labels.instance')}`,
  url: `/d/${uids.overview}?${kept}&var-instance=${encoded('__field.labels.instance')}&var-store=${encoded('__field.labels.store')}`,
}

/** The same from a process, of whose stores it shows all. */
export const toProcess: DataLink = {
  title: `Overview of ${variable('__field.labels.instance')}`,
  url: `/d/${uids.overview}?${kept}&var-instance=${encoded('__field.labels.instance')}`,
}

/** The same from a row of a table. */
export const fromTable: DataLink = {
  title: `Overview of ${variable('__data.fields.Store')} on ${variable('__data.fields.Instance')}`,
  url: `/d/${uids.overview}?${kept}&var-instance=${encoded('__data.fields.Instance')}&var-store=${encoded('__data.fields.Store')}`,
}

export const titles = { overview: 'Wombat: Overview', engine: 'Wombat: Engine', fleet: 'Wombat: Fleet' } as const
