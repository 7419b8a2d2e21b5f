import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { collectorConfig, type Route, routeFiles, routes, ruleFiles } from '@wombat/dashboards'
import { areInstalled, programPath } from '@wombat/test-support/backend-programs'
import { promtool, writeRuleFiles } from '@wombat/test-support/promtool'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'

const collectorRoutes = routes.filter((route): route is Exclude<Route, 'scrape'> => route !== 'scrape')

/** Returns the Collector's validation errors; an empty string if it accepts the configuration. */
async function validationErrors(text: string): Promise<string> {
  const file = join(await temporaryFolder(), 'collector.yaml')
  await writeFile(file, text)
  try {
    await promisify(execFile)(programPath('otelcol'), ['validate', `--config=${file}`])
    return ''
  } catch (error) {
    return (error as { stderr?: string }).stderr || String(error)
  }
}

describe.skipIf(!areInstalled('otelcol'))('the Collector configuration', () => {
  test('for VictoriaMetrics is valid', async () => {
    expect(await validationErrors(collectorConfig('victoriametrics'))).toBe('')
  })

  // The Collector used here is the core distribution; these exporters are in the contrib distribution.
  test.each(collectorRoutes)('for the route %s is valid apart from the exporter', async (route) => {
    const config = parse(collectorConfig(route)) as {
      exporters: object
      service: { pipelines: { metrics: { exporters: string[] } } }
    }
    config.exporters = { debug: {} }
    config.service.pipelines.metrics.exporters = ['debug']
    expect(await validationErrors(stringify(config))).toBe('')
  })

  test.each([
    ['collector-prometheus', 'prometheus'],
    ['collector-remote-write', 'prometheusremotewrite'],
  ] as const)('for the route %s uses the exporter %s', async (route, exporter) => {
    const errors = await validationErrors(collectorConfig(route))
    expect(errors).toContain(`unknown type: "${exporter}"`)
  })

  test('with a misspelled option is rejected', async () => {
    expect(await validationErrors(collectorConfig('victoriametrics').replace('check_interval', 'check_intervall'))).toContain(
      'check_intervall',
    )
  })
})

describe.skipIf(!areInstalled('promtool'))('the Prometheus configuration', () => {
  test.each(routes.filter((route) => 'prometheus.yaml' in routeFiles(route)))(
    'for the route %s is valid and loads the rules',
    async (route) => {
      const folder = await temporaryFolder()
      await mkdir(join(folder, 'rules'))
      await writeRuleFiles(ruleFiles(), join(folder, 'rules'))
      const [config = ''] = await writeRuleFiles({ 'prometheus.yaml': routeFiles(route)['prometheus.yaml'] ?? '' }, folder)
      expect(await promtool('check', 'config', config)).toBe('')
    },
  )
})
