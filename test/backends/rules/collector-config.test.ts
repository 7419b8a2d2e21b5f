import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { collectorConfig, type Route, routeFiles, routes, ruleFiles } from '@wombat/dashboards'
import { installed, pathOf } from '@wombat/test-support/backend-programs'
import { promtool, written } from '@wombat/test-support/promtool'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'

const throughCollector = routes.filter((route): route is Exclude<Route, 'scrape'> => route !== 'scrape')

/** What the Collector has against a configuration; nothing where it would start with it. */
async function complaints(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'collector.yaml')
  await writeFile(file, text)
  try {
    await promisify(execFile)(pathOf('otelcol'), ['validate', `--config=${file}`])
    return ''
  } catch (error) {
    return (error as { stderr?: string }).stderr || String(error)
  }
}

describe.skipIf(!installed('otelcol'))('the configuration of the Collector', () => {
  test('for VictoriaMetrics is one that it starts with', async () => {
    expect(await complaints(collectorConfig('victoriametrics'))).toBe('')
  })

  // The Collector here is built of its core; upstream's "contrib" has these exporters.
  test.each(throughCollector)(
    'for the route %s is one that it starts with, but for an exporter that it may not have',
    async (route) => {
      const config = parse(collectorConfig(route)) as {
        exporters: object
        service: { pipelines: { metrics: { exporters: string[] } } }
      }
      config.exporters = { debug: {} }
      config.service.pipelines.metrics.exporters = ['debug']
      expect(await complaints(stringify(config))).toBe('')
    },
  )

  test.each([
    ['collector-prometheus', 'prometheus'],
    ['collector-remote-write', 'prometheusremotewrite'],
  ] as const)('for the route %s names the exporter %s', async (route, exporter) => {
    const said = await complaints(collectorConfig(route))
    expect(said).toContain(`unknown type: "${exporter}"`)
  })

  test('that is wrong is found to be', async () => {
    expect(await complaints(collectorConfig('victoriametrics').replace('check_interval', 'check_intervall'))).toContain(
      'check_intervall',
    )
  })
})

describe.skipIf(!installed('promtool'))('the configuration of Prometheus', () => {
  test.each(routes.filter((route) => 'prometheus.yaml' in routeFiles(route)))(
    'for the route %s is right, and finds the rules',
    async (route) => {
      const folder = await temporaryFolder()
      await mkdir(join(folder, 'rules'))
      await written(ruleFiles(), join(folder, 'rules'))
      const [config = ''] = await written({ 'prometheus.yaml': routeFiles(route)['prometheus.yaml'] ?? '' }, folder)
      expect(await promtool('check', 'config', config)).toBe('')
    },
  )
})
