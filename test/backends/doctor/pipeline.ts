import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '@wombat/test-support/backend-process'
import { freePort } from '@wombat/test-support/free-port'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { onTestFinished } from 'vitest'
import { main } from '../../../packages/dashboards/src/cli/main.ts'

/** What the command said, and with which code it ended. */
export interface Said {
  readonly code: number
  readonly out: string
  readonly error: string
}

export async function wombatDashboards(...args: string[]): Promise<Said> {
  const out: string[] = []
  const error: string[] = []
  const code = await main(args, { out: (line) => out.push(line), error: (line) => error.push(line) })
  return { code, out: out.join('\n'), error: error.join('\n') }
}

/** Examines the route through these places. */
export function doctor(timeoutSeconds: number, places: Readonly<Record<string, string>>): Promise<Said> {
  const options = Object.entries(places).map(([name, text]) => `--${name}=${text}`)
  return wombatDashboards('doctor', `--timeout-seconds=${timeoutSeconds}`, ...options)
}

/** A Collector that takes OTLP and has these exporters; where it takes it. */
export async function startCollectorWith(exporters: Readonly<Record<string, object>>): Promise<string> {
  const url = `http://127.0.0.1:${await freePort()}`
  const config = join(await temporaryFolder(), 'collector.yaml')
  const content = {
    receivers: { otlp: { protocols: { http: { endpoint: new URL(url).host } } } },
    exporters,
    service: {
      telemetry: { metrics: { level: 'none' } },
      pipelines: { metrics: { receivers: ['otlp'], exporters: Object.keys(exporters) } },
    },
  }
  await writeFile(config, JSON.stringify(content))
  await run('otelcol', [`--config=${config}`], `${url}/v1/metrics`)
  return url
}

/** A Prometheus with this configuration, evaluated twice a second. */
export async function startPrometheusWith(config: object, ...flags: string[]): Promise<string> {
  const folder = await temporaryFolder()
  const url = `http://127.0.0.1:${await freePort()}`
  const file = join(folder, 'prometheus.yml')
  await writeFile(file, JSON.stringify({ global: { scrape_interval: '500ms', scrape_timeout: '500ms' }, ...config }))
  const own = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`]
  await run('prometheus', [...own, `--web.listen-address=${new URL(url).host}`, ...flags], `${url}/-/ready`)
  return url
}

/** A VictoriaMetrics whose new series are found at once; without that, some seconds later. */
export async function startVictoriaMetricsWith(...flags: string[]): Promise<string> {
  const url = `http://127.0.0.1:${await freePort()}`
  const own = [`-storageDataPath=${join(await temporaryFolder(), 'data')}`, `-httpListenAddr=${new URL(url).host}`]
  await run('victoria-metrics', [...own, '-opentelemetry.usePrometheusNaming', ...flags], `${url}/health`)
  const flush = setInterval(() => void fetch(`${url}/internal/force_flush`).catch(() => {}), 300)
  onTestFinished(() => clearInterval(flush))
  return url
}

/** A relabelling of VictoriaMetrics in a file, as its flag. */
export async function relabelling(...rules: object[]): Promise<string> {
  const file = join(await temporaryFolder(), 'relabel.yaml')
  await writeFile(file, JSON.stringify(rules))
  return `-relabelConfig=${file}`
}

/** An exporter of the Collector that sends to a VictoriaMetrics. */
export function toVictoriaMetrics(url: string): Record<string, object> {
  return { otlp_http: { metrics_endpoint: `${url}/opentelemetry/v1/metrics` } }
}

/**
 * What a VictoriaMetrics holds as a page in Prometheus' format: the exporter for Prometheus is not among the parts that the
 * Collector here is built of, and this page stands in its place.
 */
export function pageOf(victoriaMetrics: string): string {
  return `${victoriaMetrics}/federate?match[]=${encodeURIComponent('{__name__=~".*db_.+"}')}`
}

/** A scrape of such a page. */
export function scrapeOf(victoriaMetrics: string, more: object = {}): object {
  return {
    job_name: 'page',
    honor_labels: true,
    metrics_path: '/federate',
    params: { 'match[]': ['{__name__=~".*db_.+"}'] },
    static_configs: [{ targets: [new URL(victoriaMetrics).host] }],
    ...more,
  }
}
