import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BackendProcess, startBackend } from './backend-process.ts'
import { areInstalled, programPath } from './backend-programs.ts'
import { freePort } from './free-port.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface Prometheus extends BackendProcess {
  readonly url: string
  /** The URL on which it receives OTLP, if it has a receiver. */
  readonly otlpUrl: string
}

const otlpFlag = '--web.enable-otlp-receiver'

/** Whether the installed Prometheus has an OTLP receiver. Debian builds it without one. */
export const hasOtlpReceiver =
  areInstalled('prometheus') &&
  spawnSync(programPath('prometheus'), ['--help'], { encoding: 'utf8' }).stdout.includes(otlpFlag.slice(2))

/** What a Prometheus scrapes in which way. */
export interface Scrape {
  readonly url: string
  /** The formats that it asks for, the preferred one first, for example `PrometheusProto`. */
  readonly protocols?: readonly string[]
  /** Whether it stores the classic buckets beside native histograms. */
  readonly withClassicBuckets?: boolean
  /** Further fields of the job, such as `basic_auth` and `tls_config`. */
  readonly fields?: object
}

/**
 * Starts a Prometheus that receives OTLP if it can, and scrapes every 500 ms: a URL as the job `scraped`, or several jobs.
 *
 * @param features what it has to be enabled for, for example `native-histograms`.
 */
export async function startPrometheus(
  scraped?: string | Readonly<Record<string, Scrape>>,
  features: readonly string[] = [],
): Promise<Prometheus> {
  const folder = await temporaryFolder()
  const config = join(folder, 'prometheus.yml')
  const jobs = typeof scraped === 'string' ? { scraped: { url: scraped } } : (scraped ?? {})
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: '500ms', scrape_timeout: '500ms' },
      scrape_configs: Object.entries(jobs).map(([name, { url, protocols, withClassicBuckets, fields }]: [string, Scrape]) => ({
        job_name: name,
        static_configs: [{ targets: [new URL(url).host] }],
        scheme: new URL(url).protocol.slice(0, -1),
        ...(protocols !== undefined && { scrape_protocols: protocols }),
        ...(withClassicBuckets === true && { always_scrape_classic_histograms: true }),
        ...fields,
      })),
    }),
  )
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const running = await startBackend(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      ...(hasOtlpReceiver ? [otlpFlag] : []),
      ...(features.length > 0 ? [`--enable-feature=${features.join(',')}`] : []),
    ],
    `${url}/-/ready`,
  )
  return { ...running, url, otlpUrl: `${url}/api/v1/otlp/v1/metrics` }
}
