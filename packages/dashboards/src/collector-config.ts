import { stringify } from 'yaml'

/** The ways out of a process that files are written for. */
export const routes = ['scrape', 'collector-prometheus', 'collector-remote-write', 'victoriametrics'] as const
export type Route = (typeof routes)[number]

/** Where everything is. Hosts and ports: `127.0.0.1:4318`; and addresses: `http://127.0.0.1:9090`. */
export interface RouteAddresses {
  /** Where processes serve /metrics (default 127.0.0.1:9090, the monitor's). */
  readonly targets?: readonly string[]
  /** Where the Collector takes OTLP over HTTP (default 127.0.0.1:4318). */
  readonly otlp?: string
  /** Where the Collector shows what it has to Prometheus (default 127.0.0.1:8889). */
  readonly page?: string
  /** Default http://127.0.0.1:9090. */
  readonly prometheus?: string
  /** Default http://127.0.0.1:8428. */
  readonly victoriametrics?: string
}

const loopback = '127.0.0.1'

/** What a route needs beside rules and dashboards, by the name of its file: the configuration of Collector and Prometheus. */
export function routeFiles(route: Route, places: RouteAddresses = {}): Readonly<Record<string, string>> {
  switch (route) {
    case 'scrape':
      return {
        'prometheus.yaml': prometheusConfig(
          scrapeOfProcesses(places.targets),
          'Take over into your own what you need. Call each job as its service: dashboards and error budgets tell services apart by it.',
        ),
      }
    case 'collector-prometheus':
      return {
        'collector.yaml': collectorConfig(route, places),
        'prometheus.yaml': prometheusConfig(scrapeOfCollector(places.page)),
      }
    case 'collector-remote-write':
      return {
        'collector.yaml': collectorConfig(route, places),
        'prometheus.yaml': prometheusConfig(
          [],
          'Start Prometheus with --web.enable-remote-write-receiver: the Collector writes to it.',
        ),
      }
    case 'victoriametrics':
      return { 'collector.yaml': collectorConfig(route, places) }
  }
}

/**
 * An OpenTelemetry Collector on a route. Nothing renames: our names have the suffixes that the exporters would add, so their
 * defaults are right, and `namespace`, for one, would be wrong.
 */
export function collectorConfig(route: Exclude<Route, 'scrape'>, places: RouteAddresses = {}): string {
  const exporters = exportersOf(route, places)
  return commented(comments[route], {
    receivers: { otlp: { protocols: { http: { endpoint: places.otlp ?? `${loopback}:4318` } } } },
    processors: { memory_limiter: { check_interval: '1s', limit_mib: 256 }, batch: {} },
    exporters,
    service: {
      pipelines: {
        metrics: { receivers: ['otlp'], processors: ['memory_limiter', 'batch'], exporters: Object.keys(exporters) },
      },
    },
  })
}

const comments = {
  'collector-prometheus': 'Nothing in here renames a metric: dashboards and rules rely on the names.',
  'collector-remote-write': 'Nothing in here renames a metric: dashboards and rules rely on the names.',
  victoriametrics: 'Start VictoriaMetrics with -opentelemetry.usePrometheusNaming, or labels as service.name keep their dots.',
} as const

function exportersOf(
  route: Exclude<Route, 'scrape'>,
  { page, prometheus, victoriametrics }: RouteAddresses,
): Record<string, object> {
  switch (route) {
    case 'collector-prometheus':
      // What was last heard of a process that ended is shown for as long as Prometheus itself would.
      return { prometheus: { endpoint: page ?? `${loopback}:8889`, metric_expiration: '5m' } }
    case 'collector-remote-write':
      return { prometheusremotewrite: { endpoint: below(prometheus ?? `http://${loopback}:9090`, 'api/v1/write') } }
    case 'victoriametrics': {
      const base = victoriametrics ?? `http://${loopback}:8428`
      // The name that Collectors of every version know.
      return { otlphttp: { metrics_endpoint: below(base, 'opentelemetry/v1/metrics') } }
    }
  }
}

/** Below the path of an address, which a proxy or a tenant may have put in front. */
function below(address: string, path: string): string {
  const url = new URL(address)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`
  return url.href
}

function scrapeOfProcesses(targets: readonly string[] = [`${loopback}:9090`]): readonly object[] {
  return [{ job_name: 'wombat', static_configs: [{ targets }] }]
}

/** The Collector says of each series which process it is of; Prometheus must not put the Collector in its place. */
function scrapeOfCollector(page = `${loopback}:8889`): readonly object[] {
  return [{ job_name: 'wombat-collector', honor_labels: true, static_configs: [{ targets: [page] }] }]
}

function prometheusConfig(scrapes: readonly object[], comment = 'Take over into your own what you need.'): string {
  return commented(comment, {
    global: { scrape_interval: '15s', evaluation_interval: '30s' },
    rule_files: ['rules/*.yaml'],
    ...(scrapes.length > 0 && { scrape_configs: scrapes }),
  })
}

function commented(comment: string, content: object): string {
  return `# Written by wombat-dashboards.\n# ${comment}\n${stringify(content, { lineWidth: 0 })}`
}
