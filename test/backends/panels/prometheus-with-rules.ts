import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startBackend } from '@wombat/test-support/backend-process'
import { freePort } from '@wombat/test-support/free-port'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'

interface EvaluatedRule {
  readonly name: string
  readonly health: string
  readonly lastError?: string
}

/** A running Prometheus. */
export interface PrometheusWithRules {
  readonly url: string
  /** Returns one message per rule that failed or was not evaluated yet. */
  ruleErrors(): Promise<string[]>
}

/**
 * Starts a Prometheus that scrapes these /metrics URLs, by job, every second and evaluates these rule files every two seconds: with the
 * files' own intervals, the first evaluation of the last rule would take minutes.
 */
export async function startPrometheusWithRules(
  targets: Readonly<Record<string, string>>,
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
    scrape_configs: Object.entries(targets).map(([job, metricsUrl]) => ({
      job_name: job,
      static_configs: [{ targets: [new URL(metricsUrl).host] }],
    })),
  }
  const file = join(folder, 'prometheus.yml')
  await writeFile(file, JSON.stringify(config))
  const address = `127.0.0.1:${await freePort()}`
  const url = `http://${address}`
  const flags = [`--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${address}`]
  await startBackend('prometheus', [`--config.file=${file}`, ...flags], `${url}/-/ready`)
  return {
    url,
    ruleErrors: async () => {
      const response = await fetch(`${url}/api/v1/rules`)
      const { data } = (await response.json()) as { data: { groups: ReadonlyArray<{ rules: readonly EvaluatedRule[] }> } }
      return data.groups.flatMap((group) =>
        group.rules.flatMap(({ name, health, lastError = '' }) => (health === 'ok' ? [] : [`${name}: ${health} ${lastError}`])),
      )
    },
  }
}
