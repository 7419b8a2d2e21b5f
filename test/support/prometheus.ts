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

/** Starts a Prometheus that receives OTLP if it can, and scrapes this URL as the job `scraped` every 500 ms. */
export async function startPrometheus(scraped?: string): Promise<Prometheus> {
  const folder = await temporaryFolder()
  const config = join(folder, 'prometheus.yml')
  const targets = scraped === undefined ? [] : [{ targets: [new URL(scraped).host] }]
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: '500ms', scrape_timeout: '500ms' },
      scrape_configs: [{ job_name: 'scraped', static_configs: targets }],
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
    ],
    `${url}/-/ready`,
  )
  return { ...running, url, otlpUrl: `${url}/api/v1/otlp/v1/metrics` }
}
