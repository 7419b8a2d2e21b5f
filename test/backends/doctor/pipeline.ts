import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { startBackend, stopProcess } from '@wombat/test-support/backend-process'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { freePort } from '@wombat/test-support/free-port'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { onTestFinished } from 'vitest'

/** The output of one run of a command, without the last line break. */
export interface CommandResult {
  readonly code: number
  readonly out: string
  readonly error: string
}

const manifestPath = createRequire(import.meta.url).resolve('@wombat/dashboards/package.json')
const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as { bin: { 'wombat-dashboards': string } }
const command = join(dirname(manifestPath), manifest.bin['wombat-dashboards'])

/** Runs `wombat-dashboards doctor` as it was built, with one option for each backend. */
export async function doctor(timeoutSeconds: number, backends: Readonly<Record<string, string>>): Promise<CommandResult> {
  const options = Object.entries(backends).map(([name, value]) => `--${name}=${value}`)
  const args = [command, 'doctor', `--timeout-seconds=${timeoutSeconds}`, ...options]
  const child = spawn(process.execPath, args, { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => stopProcess(child))
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  return { code: Number(code), out: out.trimEnd(), error: error.trimEnd() }
}

/** Starts a Collector with these exporters. Returns its OTLP address. */
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
  await startBackend('otelcol', [`--config=${config}`], `${url}/v1/metrics`)
  return url
}

/** Starts a Prometheus with this configuration, which scrapes twice a second. Returns its URL. */
export async function startPrometheusWith(config: object, ...flags: string[]): Promise<string> {
  const folder = await temporaryFolder()
  const url = `http://127.0.0.1:${await freePort()}`
  const file = join(folder, 'prometheus.yml')
  await writeFile(file, JSON.stringify({ global: { scrape_interval: '500ms', scrape_timeout: '500ms' }, ...config }))
  const own = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`]
  await startBackend('prometheus', [...own, `--web.listen-address=${new URL(url).host}`, ...flags], `${url}/-/ready`)
  return url
}

/** Starts a VictoriaMetrics in which queries find new series at once instead of after seconds. Returns its URL. */
export async function startVictoriaMetricsWith(...flags: string[]): Promise<string> {
  const url = `http://127.0.0.1:${await freePort()}`
  const own = [`-storageDataPath=${join(await temporaryFolder(), 'data')}`, `-httpListenAddr=${new URL(url).host}`]
  await startBackend('victoria-metrics', [...own, '-opentelemetry.usePrometheusNaming', ...flags], `${url}/health`)
  const flush = setInterval(() => void fetch(`${url}/internal/force_flush`).catch(() => {}), 300)
  onTestFinished(() => clearInterval(flush))
  return url
}

/** A relabeling of VictoriaMetrics in a file, as its flag. */
export async function relabelFlag(...rules: object[]): Promise<string> {
  const file = join(await temporaryFolder(), 'relabel.yaml')
  await writeFile(file, JSON.stringify(rules))
  return `-relabelConfig=${file}`
}

/** An exporter of the Collector that sends to a VictoriaMetrics. */
export function victoriaMetricsExporter(url: string): Record<string, object> {
  return { otlp_http: { metrics_endpoint: `${url}/opentelemetry/v1/metrics` } }
}

/**
 * What a VictoriaMetrics holds as a page in Prometheus' format: the exporter for Prometheus is not among the parts that the
 * Collector here is built of, and this page stands in its place.
 */
export function federatePage(victoriaMetrics: string): string {
  return `${victoriaMetrics}/federate?match[]=${encodeURIComponent('{__name__=~".*db_.+"}')}`
}

/** A scrape of such a page. */
export function scrapeConfig(victoriaMetrics: string, more: object = {}): object {
  return {
    job_name: 'page',
    honor_labels: true,
    metrics_path: '/federate',
    params: { 'match[]': ['{__name__=~".*db_.+"}'] },
    static_configs: [{ targets: [new URL(victoriaMetrics).host] }],
    ...more,
  }
}
