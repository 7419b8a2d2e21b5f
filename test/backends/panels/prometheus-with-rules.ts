import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '@wombat/test-support/backend-process'
import { freePort } from '@wombat/test-support/free-port'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'

interface Evaluated {
  readonly name: string
  readonly health: string
  readonly lastError?: string
}

export interface PrometheusWithRules {
  readonly url: string
  /** The rules that have not been evaluated yet, or could not be, a line each. */
  troubles(): Promise<string[]>
}

/**
 * A Prometheus that reads these pages every second, by job, and evaluates these rule files every two: what is asked stays the same,
 * but with the files' own intervals the last rule would be evaluated for the first time after minutes.
 */
export async function startPrometheusWithRules(
  pages: Readonly<Record<string, string>>,
  rules: Readonly<Record<string, string>>,
): Promise<PrometheusWithRules> {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'rules'))
  for (const [name, text] of Object.entries(rules)) {
    await writeFile(join(folder, 'rules', name), text.replace(/^( +interval:) .*$/gm, '$1 2s'))
  }
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    rule_files: [join(folder, 'rules', '*.yaml')],
    scrape_configs: Object.entries(pages).map(([job, page]) => ({
      job_name: job,
      static_configs: [{ targets: [new URL(page).host] }],
    })),
  }
  const file = join(folder, 'prometheus.yml')
  await writeFile(file, JSON.stringify(config))
  const address = `127.0.0.1:${await freePort()}`
  const url = `http://${address}`
  const flags = [`--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${address}`]
  await run('prometheus', [`--config.file=${file}`, ...flags], `${url}/-/ready`)
  return {
    url,
    troubles: async () => {
      const response = await fetch(`${url}/api/v1/rules`)
      const { data } = (await response.json()) as { data: { groups: ReadonlyArray<{ rules: readonly Evaluated[] }> } }
      return data.groups.flatMap((group) =>
        group.rules.flatMap(({ name, health, lastError = '' }) => (health === 'ok' ? [] : [`${name}: ${health} ${lastError}`])),
      )
    },
  }
}
