import { type MetricName, metrics } from '@wombat/instrumentation'
import { type Matchers, selector } from '../promql.ts'

/** The window of every rate: Grafana adapts it to the data source's scrape interval. */
export const rateInterval = '$__rate_interval'

/**
 * The labels that identify a process depend on the route: `job` and `instance` if Prometheus scrapes or receives OTLP, `service_name`
 * and `service_instance_id` if VictoriaMetrics receives OTLP. So all of them are matched, and each may be missing, which a matcher
 * sees as the empty value. `job` may start with the service's namespace.
 */
const processMatchers: Matchers = {
  job: { matches: '(.+/)?$service|' },
  service_name: { matches: '$service|' },
  instance: { matches: '$instance|' },
  service_instance_id: { matches: '$instance|' },
}
const serviceMatchers: Matchers = {
  job: processMatchers['job'] ?? '',
  service_name: processMatchers['service_name'] ?? '',
}

/** Metrics that also have series of the whole process, without the label `store`. Those are shown for every selected store. */
const optionalStoreMetrics: ReadonlySet<MetricName> = new Set([
  'db_alerts',
  'db_health_status',
  'db_health_changes_total',
  'db_health_check_duration_seconds',
])

/** Returns the matchers that apply the dashboard's variables to a metric. */
export function scopeMatchers(name: MetricName): Matchers {
  if (!metrics[name].attributes.includes('store')) return processMatchers
  return { store: { matches: optionalStoreMetrics.has(name) ? '$store|' : '$store' }, ...processMatchers }
}

/** A dashboard variable. Its values are the label values of series that existed in the selected time range. */
export interface Variable {
  readonly name: 'service' | 'instance' | 'store'
  readonly label: string
  readonly description: string
  readonly query: string
  /** Extracts the value from a series as Grafana prints it: `{job="orders"} 1 1700000000000`. */
  readonly regex: string
}

/** The variables of every dashboard. Each offers only values that the ones before it leave. */
export const variables: readonly Variable[] = [
  {
    name: 'service',
    label: 'Service',
    description: 'The label service_name, or job if service_name is missing.',
    query: variableQuery(['job', 'service_name'], {}),
    regex: extractionRegex('service_name', 'job'),
  },
  {
    name: 'instance',
    label: 'Instance',
    description: 'The label service_instance_id, or instance if service_instance_id is missing.',
    query: variableQuery(['instance', 'service_instance_id'], serviceMatchers),
    regex: extractionRegex('service_instance_id', 'instance'),
  },
  {
    name: 'store',
    label: 'Store',
    description: 'The name under which the store was instrumented.',
    query: variableQuery(['store'], processMatchers),
    regex: extractionRegex('store'),
  },
]

function variableQuery(labels: readonly string[], matchers: Matchers): string {
  return `query_result(group by (${labels.join(', ')}) (last_over_time(${selector('db_store_info', matchers)}[$__range])))`
}

/** Returns a regular expression that captures the value of the first of these labels that a series has. */
function extractionRegex(...labels: readonly string[]): string {
  return `/(?:${labels.map((label) => `.*\\b${label}`).join('|')})="([^"]+)"/`
}
