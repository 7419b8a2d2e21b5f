import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BackendProcess, startBackend } from './backend-process.ts'
import { freePort } from './free-port.ts'
import { query } from './query.ts'
import type { Sample } from './sample.ts'
import { temporaryFolder } from './temporary-folder.ts'

export interface VictoriaMetrics extends BackendProcess {
  readonly url: string
  /** The URL on which it receives OTLP. */
  readonly otlpUrl: string
  /** Runs an instant query, after flushing: without a flush, a new series appears only after ten seconds. */
  query(promql: string): Promise<Sample[]>
}

/**
 * Starts a VictoriaMetrics that translates OTLP names as Prometheus does, and includes the latest samples in queries.
 *
 * @param scraped a URL that it scrapes every second.
 */
export async function startVictoriaMetrics(scraped?: string): Promise<VictoriaMetrics> {
  const folder = await temporaryFolder()
  const config = join(folder, 'scrape.yml')
  const jobs = scraped === undefined ? [] : [{ job_name: 'scraped', static_configs: [{ targets: [new URL(scraped).host] }] }]
  await writeFile(config, JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs: jobs }))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const running = await startBackend(
    'victoria-metrics',
    [
      `-storageDataPath=${join(folder, 'data')}`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-opentelemetry.usePrometheusNaming',
      `-promscrape.config=${config}`,
      // By default, queries exclude the last 30 seconds.
      '-search.latencyOffset=0s',
    ],
    `${url}/health`,
  )
  return {
    ...running,
    url,
    otlpUrl: `${url}/opentelemetry/v1/metrics`,
    query: async (promql) => {
      await fetch(`${url}/internal/force_flush`)
      return query(url, promql)
    },
  }
}

/** Returns whether two values are equal in twelve digits: VictoriaMetrics rounds stored values to about that many. */
export function isEqualTo12Digits(number: number, stored: number): boolean {
  return Math.abs(number - stored) <= 1e-11 * Math.abs(number)
}
