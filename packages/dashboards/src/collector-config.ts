import { stringify } from 'yaml'

/** The supported routes from the process to the metrics backend. */
export const routes = ['scrape', 'collector-prometheus', 'collector-remote-write', 'victoriametrics'] as const

/**
 * A route from the process to the metrics backend: Prometheus scrapes the processes (`scrape`), Prometheus scrapes a Collector
 * (`collector-prometheus`), a Collector writes to Prometheus (`collector-remote-write`), or a Collector sends OTLP to VictoriaMetrics
 * (`victoriametrics`).
 */
export type Route = (typeof routes)[number]

/** Addresses along a route. Endpoints are `host:port`, backends are URLs. */
export interface RouteAddresses {
  /** `host:port` of each process that serves /metrics (default 127.0.0.1:9090, the monitor's default). */
  readonly targets?: readonly string[]
  /** `host:port` on which the Collector receives OTLP over HTTP (default 127.0.0.1:4318). */
  readonly otlp?: string
  /** `host:port` on which the Collector serves /metrics to Prometheus (default 127.0.0.1:8889). */
  readonly metrics?: string
  /** URL of Prometheus (default http://127.0.0.1:9090). */
  readonly prometheus?: string
  /** URL of VictoriaMetrics (default http://127.0.0.1:8428). */
  readonly victoriametrics?: string
}

const loopback = '127.0.0.1'
const copyComment = 'Copy what you need into your own configuration.'
const renameComment = 'Do not rename metrics here: dashboards and rules rely on their names.'

/** Returns the configuration files of a route, by file name: `collector.yaml`, `prometheus.yaml` or both. */
export function routeFiles(route: Route, addresses: RouteAddresses = {}): Readonly<Record<string, string>> {
  switch (route) {
    case 'scrape':
      return {
        'prometheus.yaml': prometheusConfig(
          processScrapeConfigs(addresses.targets),
          `${copyComment} Name each job after its service: dashboards and error budgets distinguish services by job.`,
        ),
      }
    case 'collector-prometheus':
      return {
        'collector.yaml': collectorConfig(route, addresses),
        'prometheus.yaml': prometheusConfig(collectorScrapeConfigs(addresses.metrics), copyComment),
      }
    case 'collector-remote-write':
      return {
        'collector.yaml': collectorConfig(route, addresses),
        'prometheus.yaml': prometheusConfig(
          [],
          'Start Prometheus with --web.enable-remote-write-receiver: the Collector writes to it.',
        ),
      }
    case 'victoriametrics':
      return { 'collector.yaml': collectorConfig(route, addresses) }
  }
}

/**
 * Returns the YAML configuration of an OpenTelemetry Collector for a route. It renames nothing: metric names already have the suffixes
 * that the exporters would add, so the exporters' defaults are right, and options such as `namespace` would break dashboards and rules.
 *
 * @example
 * ```js
 * import { collectorConfig } from '@wombat/dashboards'
 *
 * console.log(collectorConfig('victoriametrics', { otlp: '0.0.0.0:4318', victoriametrics: 'http://victoria:8428' }))
 * ```
 */
export function collectorConfig(route: Exclude<Route, 'scrape'>, addresses: RouteAddresses = {}): string {
  const exporters = collectorExporters(route, addresses)
  return toYaml(collectorComments[route], {
    receivers: { otlp: { protocols: { http: { endpoint: addresses.otlp ?? `${loopback}:4318` } } } },
    processors: { memory_limiter: { check_interval: '1s', limit_mib: 256 }, batch: {} },
    exporters,
    service: {
      pipelines: {
        metrics: { receivers: ['otlp'], processors: ['memory_limiter', 'batch'], exporters: Object.keys(exporters) },
      },
    },
  })
}

const collectorComments = {
  'collector-prometheus': renameComment,
  'collector-remote-write': renameComment,
  victoriametrics:
    'Start VictoriaMetrics with -opentelemetry.usePrometheusNaming: otherwise labels such as service.name keep their dots.',
} as const

function collectorExporters(
  route: Exclude<Route, 'scrape'>,
  { metrics, prometheus, victoriametrics }: RouteAddresses,
): Record<string, object> {
  switch (route) {
    case 'collector-prometheus':
      // As long as Prometheus itself returns the last sample of a series that ended.
      return { prometheus: { endpoint: metrics ?? `${loopback}:8889`, metric_expiration: '5m' } }
    case 'collector-remote-write':
      return { prometheusremotewrite: { endpoint: appendPath(prometheus ?? `http://${loopback}:9090`, 'api/v1/write') } }
    case 'victoriametrics': {
      const base = victoriametrics ?? `http://${loopback}:8428`
      // Collectors of every version know the exporter by this name; newer ones call it otlp_http.
      return { otlphttp: { metrics_endpoint: appendPath(base, 'opentelemetry/v1/metrics') } }
    }
  }
}

/** Keeps the path of the URL: a reverse proxy or a tenant may need it. */
function appendPath(base: string, path: string): string {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`
  return url.href
}

function processScrapeConfigs(targets: readonly string[] = [`${loopback}:9090`]): readonly object[] {
  return [{ job_name: 'wombat', static_configs: [{ targets }] }]
}

/** The Collector sets `job` and `instance` of each process; without `honor_labels`, Prometheus would replace them by the Collector's. */
function collectorScrapeConfigs(endpoint = `${loopback}:8889`): readonly object[] {
  return [{ job_name: 'wombat-collector', honor_labels: true, static_configs: [{ targets: [endpoint] }] }]
}

function prometheusConfig(scrapeConfigs: readonly object[], comment: string): string {
  return toYaml(comment, {
    global: { scrape_interval: '15s', evaluation_interval: '30s' },
    rule_files: ['rules/*.yaml'],
    ...(scrapeConfigs.length > 0 && { scrape_configs: scrapeConfigs }),
  })
}

function toYaml(comment: string, content: object): string {
  return `# Generated by wombat-dashboards.\n# ${comment}\n${stringify(content, { lineWidth: 0 })}`
}
