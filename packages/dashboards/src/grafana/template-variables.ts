import { type MetricName, metrics } from '@wombat/instrumentation'
import { type Matchers, selector } from '../promql.ts'

/** The window of every rate: Grafana makes it wide enough for the data source's scrape interval. */
export const rateInterval = '$__rate_interval'

/**
 * Who a series is of goes by another label on each route: `job` and `instance` where Prometheus scrapes or takes OTLP, `service_name`
 * and `service_instance_id` where VictoriaMetrics takes OTLP. So both are asked for, and each may be missing instead, which for
 * a matcher is the empty value. A `job` may begin with the service's namespace.
 */
const ofProcess: Matchers = {
  job: { matches: '(.+/)?$service|' },
  service_name: { matches: '$service|' },
  instance: { matches: '$instance|' },
  service_instance_id: { matches: '$instance|' },
}
const ofService: Matchers = { job: ofProcess['job'] ?? '', service_name: ofProcess['service_name'] ?? '' }

/** Alerts and health checks of the whole process are of no store, and are shown with whichever store is chosen. */
const alsoWithoutStore: ReadonlySet<MetricName> = new Set([
  'db_alerts',
  'db_health_status',
  'db_health_changes_total',
  'db_health_check_duration_seconds',
])

/** What the dashboard's variables leave of a metric's series. */
export function scopeFilters(name: MetricName): Matchers {
  if (!metrics[name].attributes.includes('store')) return ofProcess
  return { store: { matches: alsoWithoutStore.has(name) ? '$store|' : '$store' }, ...ofProcess }
}

/** A variable whose values are read from the labels of what has been there in the time that is shown. */
export interface Variable {
  readonly name: 'service' | 'instance' | 'store'
  readonly label: string
  readonly description: string
  readonly query: string
  /** Takes the value out of a series as Grafana writes it: `{job="orders"} 1 1700000000000`. */
  readonly regex: string
}

/** From the least to the most: each asks only for what those before it leave. */
export const variables: readonly Variable[] = [
  {
    name: 'service',
    label: 'Service',
    description: 'The label service_name, or job where there is none.',
    query: variableQuery(['job', 'service_name'], {}),
    regex: extract('service_name', 'job'),
  },
  {
    name: 'instance',
    label: 'Instance',
    description: 'The label service_instance_id, or instance where there is none.',
    query: variableQuery(['instance', 'service_instance_id'], ofService),
    regex: extract('service_instance_id', 'instance'),
  },
  {
    name: 'store',
    label: 'Store',
    description: 'The name that the store was given when its measuring began.',
    query: variableQuery(['store'], ofProcess),
    regex: extract('store'),
  },
]

function variableQuery(labels: readonly string[], matchers: Matchers): string {
  return `query_result(group by (${labels.join(', ')}) (last_over_time(${selector('db_store_info', matchers)}[$__range])))`
}

/** The first of these labels that is there. */
function extract(...labels: readonly string[]): string {
  return `/(?:${labels.map((label) => `.*\\b${label}`).join('|')})="([^"]+)"/`
}
