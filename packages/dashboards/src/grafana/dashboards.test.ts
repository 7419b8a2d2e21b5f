import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MetricName, metrics, storeAdapters } from '@wombat/instrumentation'
import { defaultRules, healthStatuses } from '@wombat/monitor'
import { dashboards, metricsIn } from '@wombat/test-support/panel-queries'
import { describe, expect, test } from 'vitest'
import { ruleFiles } from '../rules/default-rule-files.ts'
import { buildDashboard } from './build-dashboard.ts'
import { dashboardFiles } from './dashboards.ts'

const folder = join(import.meta.dirname, '../../generated/dashboards')
const all = Object.entries(dashboards())
const panels = all.flatMap(([dashboard, { panels }]) =>
  panels.filter(({ type }) => type !== 'row').map((panel) => ({ dashboard, ...panel })),
)
const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

/** Metrics without a panel, with the reason. */
const withoutPanel: Partial<Record<MetricName, string>> = {}

test('the committed dashboards are up to date (else run npm run generate)', () => {
  expect(readdirSync(folder).sort()).toEqual(Object.keys(dashboardFiles).sort())
  for (const [name, text] of Object.entries(dashboardFiles)) expect(readFileSync(join(folder, name), 'utf8'), name).toBe(text)
})

test.each(all)('%s has a fixed UID, the tag and the variables', (name, dashboard) => {
  expect(dashboard.id).toBeUndefined()
  expect(dashboard).toMatchObject({ uid: `wombat-${name}`, tags: ['wombat'], editable: true, refresh: '10s' })
  expect(dashboard).toMatchObject({ time: { from: 'now-1h', to: 'now' }, schemaVersion: expect.any(Number) })
  expect(dashboard.templating.list.map((variable) => variable.name)).toEqual([
    'datasource',
    'service',
    'instance',
    'store',
    'filters',
  ])
})

test('every panel has a description, a unit, a query and a no-value text', () => {
  for (const { dashboard, title, description, targets, fieldConfig } of panels) {
    const panel = `${dashboard}: ${title}`
    expect(description, panel).toMatch(/\w+\./)
    expect(fieldConfig?.defaults.unit, panel).toMatch(/^\w+$/)
    expect(fieldConfig?.defaults.noValue, panel).toBeTruthy()
    expect(targets?.length, panel).toBeGreaterThan(0)
  }
})

test('charts of the latencies of operations ask for exemplars, and nothing else does', () => {
  const asking = panels.filter(({ targets = [] }) => targets.some(({ exemplar }) => exemplar === true))
  expect(asking.map(({ dashboard, title }) => `${dashboard}: ${title}`)).toEqual(
    panels
      .filter(({ type, targets = [] }) => type === 'timeseries' && targets.some(({ expr }) => /db_(get|set)_latency/.test(expr)))
      .map(({ dashboard, title }) => `${dashboard}: ${title}`),
  )
  expect(asking.map(({ title }) => title)).toContain('Latency (P99)')
  for (const { targets = [] } of asking) for (const { exemplar } of targets) expect(exemplar).toBe(true)
})

test.each(all)('panels of %s have unique titles and do not overlap', (_name, { panels }) => {
  const titles = panels.map(({ title }) => title)
  expect(titles).toEqual([...new Set(titles)])
  const occupied = new Set<string>()
  for (const { title, gridPos } of panels) {
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(occupied, title).not.toContain(`${x} ${y}`)
        occupied.add(`${x} ${y}`)
      }
    }
  }
})

test.each([
  ['narrow', [12, 12, 8, 8], 'row "Example", line 2: the widths of "Panel 3", "Panel 4" add up to 16; they must add up to 24'],
  [
    'wide',
    [8, 8, 12],
    'row "Example", line 1: the widths of "Panel 1", "Panel 2", "Panel 3" add up to 28; they must add up to 24',
  ],
])('a line of panels that is too %s is rejected', (_name, widths, message) => {
  const panels = widths.map((width, index) => ({ title: `Panel ${index + 1}`, width, series: [] }))
  expect(() => buildDashboard('engine', 'An example.', [{ title: 'Example', panels }])).toThrow(new Error(message))
})

test('every queried metric is in the metric catalog', () => {
  const unknown = expressions.flatMap(metricsIn).filter((name) => !Object.hasOwn(metrics, name))
  expect(unknown).toEqual([])
})

test('every metric of the catalog is on a panel, except those with a reason', () => {
  const shown = new Set(expressions.flatMap(metricsIn))
  const hint = 'show each of these metrics on a panel, or add it to withoutPanel with the reason'
  expect(
    Object.keys(metrics).filter((name) => !shown.has(name)),
    hint,
  ).toEqual(Object.keys(withoutPanel))
})

test("a panel's description contains the catalog's description of its metrics", () => {
  const cache = panels.find(({ title }) => title === 'Block cache')
  expect(cache?.description).toContain(metrics.db_cache_bytes.description)
  const operations = panels.find(({ title }) => title === 'Operations by type')
  expect(operations?.description).toContain(`${metrics.db_get_operations_total.description} The same for set, delete,`)
})

test('histogram buckets are queried only inside histogram_quantile, each after the native histogram', () => {
  for (const expression of expressions) {
    expect(expression).not.toMatch(/\ble\s*=/)
    const buckets = expression.match(/_bucket\{/g)?.length ?? 0
    expect(expression.match(/histogram_quantile\(/g)?.length ?? 0, expression).toBe(2 * buckets)
  }
})

test('every rate uses $__rate_interval', () => {
  const rates = expressions.flatMap((expression) => expression.match(/\brate\([^[]*\[[^\]]*\]/g) ?? [])
  expect(rates.length).toBeGreaterThan(100)
  for (const rate of rates) expect(rate).toMatch(/\[\$__rate_interval\]$/)
})

test('every query is filtered by the variables', () => {
  for (const expression of expressions) {
    const selectors = expression.match(/\b(?:db|wombat)_\w+(?:\{[^}]*\})?/g) ?? []
    for (const selector of selectors) {
      if (selector.startsWith('db_')) expect(selector).toContain('store=~"$store')
      expect(selector).toContain('instance=~"$instance|"')
    }
  }
})

describe('default rules', () => {
  // Health panels show names and colors of statuses, so they have no threshold.
  const withThreshold = defaultRules.filter((rule) => 'threshold' in rule && rule.metric !== 'db_health_status')

  test.each(withThreshold.map((rule) => [rule.name, rule] as const))(
    '%s is described on a panel with its metric and threshold',
    (name, rule) => {
      const describing = panels.filter(
        ({ description = '', targets = [] }) =>
          description.includes(`Alert ${name} (`) && targets.some(({ expr }) => metricsIn(expr).includes(rule.metric)),
      )
      expect(describing).not.toEqual([])
      for (const { fieldConfig } of describing) {
        const values = fieldConfig?.defaults.thresholds?.steps.map(({ value }) => value)
        expect(values).toContain('threshold' in rule ? rule.threshold : undefined)
      }
    },
  )
})

test('the no-value text names the engines that report the metrics, and no others', () => {
  const engines = (metric: MetricName) => {
    const reporting = storeAdapters.flatMap(({ engineMetrics }) =>
      Object.keys(engineMetrics).filter((engine) => engineMetrics[engine]?.includes(metric)),
    )
    return [...new Set(reporting)]
  }
  const readNoValue = (title: string) => panels.find((panel) => panel.title === title)?.fieldConfig?.defaults.noValue
  expect(readNoValue('Block cache')).toContain(`: ${engines('db_cache_bytes').sort().join(', ')}.`)
  expect(readNoValue('Files by level of $store')).toContain(`: ${engines('db_level_files').sort().join(', ')}.`)
  expect(readNoValue('Block cache lookups')).toMatch(/: rocksdb\. RocksDB reports this only if .* enableStatistics\.$/)
  expect(readNoValue('Reclaimed space')).toMatch(/^No engine reports this/)
  expect(engines('db_space_reclaim_bytes_total')).toEqual([])
})

test('every health status is queried, and worse ones have greater numbers', () => {
  const [health = ''] = panels.filter(({ title }) => title === 'Health').map(({ targets }) => targets?.[0]?.expr)
  const numbers = [...health.matchAll(/status="(\w+)"\}\) == 1\) \* (\d)/g)].map(([, status, number]) => [status, Number(number)])
  expect(numbers).toEqual(healthStatuses.map((status, index) => [status, index]))
})

test('the alerts of every rule file are annotated for the selected processes', () => {
  const alerts = Object.values(ruleFiles()).flatMap((text) => text.match(/(?<=- alert: )\w+/g) ?? [])
  expect(alerts).toContain('LatencyBudgetBurn')
  for (const [, { annotations }] of all) {
    const expressions = annotations.list.map(({ expr }) => expr)
    expect(expressions).toHaveLength(2)
    for (const expression of expressions) {
      expect(expression).toContain('job=~"(.+/)?$service|",service_name=~"$service|",instance=~"$instance|"')
    }
    const [, names = ''] = /^ALERTS\{.*alertname=~"([\w|]+)"\}$/.exec(expressions.at(-1) ?? '') ?? []
    expect(names.split('|').sort()).toEqual([...new Set(alerts)].filter((name) => name !== 'Watchdog').sort())
  }
})

test('stat panels use instant queries, so that ended series are not shown', () => {
  const targets = panels.filter(({ type }) => type === 'stat').flatMap((panel) => panel.targets ?? [])
  expect(targets.length).toBeGreaterThan(10)
  for (const target of targets) expect(target).toMatchObject({ instant: true, range: false })
})

test('labels in a legend are separated', () => {
  const legends = panels.flatMap(({ targets = [] }) => targets.map(({ legendFormat = '' }) => legendFormat))
  expect(legends.filter((legend) => legend.includes('}}{{'))).toEqual([])
})

test('names in link URLs are percent-encoded', () => {
  const urls = JSON.stringify(all).match(/\/d\/[^"]+/g) ?? []
  const names = urls.flatMap((url) => url.match(/\$\{__(?:field|data)[^}]+\}/g) ?? [])
  expect(names.length).toBeGreaterThan(5)
  expect(names.filter((name) => !name.endsWith(':percentencode}'))).toEqual([])
})

test('every link leads to an existing dashboard', () => {
  const uids = new Set(all.map(([, { uid }]) => uid))
  const linked = JSON.stringify(all).match(/\/d\/[\w-]+/g) ?? []
  expect(linked.length).toBeGreaterThan(5)
  for (const link of linked) expect(uids).toContain(link.replace('/d/', ''))
})
