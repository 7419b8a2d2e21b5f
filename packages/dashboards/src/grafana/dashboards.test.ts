import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type MetricName, metrics, storeAdapters } from '@wombat/instrumentation'
import { defaultRules, healthStatuses } from '@wombat/monitor'
import { dashboards, metricsIn } from '@wombat/test-support/panel-queries'
import { describe, expect, test } from 'vitest'
import { ruleFiles } from '../rules/default-rule-files.ts'
import { dashboardFiles } from './dashboards.ts'

const folder = join(import.meta.dirname, '../../generated/dashboards')
const all = Object.entries(dashboards())
const panels = all.flatMap(([dashboard, { panels }]) =>
  panels.filter(({ type }) => type !== 'row').map((panel) => ({ dashboard, ...panel })),
)
const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

/** Metrics that are on no panel, and why. */
const unseen: Partial<Record<MetricName, string>> = {}

test('the committed files are what the code makes (else: pnpm generate)', () => {
  expect(readdirSync(folder).sort()).toEqual(Object.keys(dashboardFiles).sort())
  for (const [name, text] of Object.entries(dashboardFiles)) expect(readFileSync(join(folder, name), 'utf8'), name).toBe(text)
})

test.each(all)('%s can be imported again and again, and is found by its tag', (name, dashboard) => {
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

test('every panel has a description, a unit, something to ask and something to say when there is no answer', () => {
  for (const { dashboard, title, description, targets, fieldConfig } of panels) {
    const place = `${dashboard}: ${title}`
    expect(description, place).toMatch(/\w+\./)
    expect(fieldConfig?.defaults.unit, place).toMatch(/^\w+$/)
    expect(fieldConfig?.defaults.noValue, place).toBeTruthy()
    expect(targets?.length, place).toBeGreaterThan(0)
  }
})

test.each(all)('no two panels of %s have one title, or lie on each other', (_name, { panels }) => {
  const titles = panels.map(({ title }) => title)
  expect(titles).toEqual([...new Set(titles)])
  const taken = new Set<string>()
  for (const { title, gridPos } of panels) {
    expect(gridPos.x + gridPos.w, title).toBeLessThanOrEqual(24)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect(taken, title).not.toContain(`${x} ${y}`)
        taken.add(`${x} ${y}`)
      }
    }
  }
})

test('every metric that is asked for is in the catalogue', () => {
  const unknown = expressions.flatMap(metricsIn).filter((name) => !Object.hasOwn(metrics, name))
  expect(unknown).toEqual([])
})

test('every metric of the catalogue is on a panel, or it is said why not', () => {
  const seen = new Set(expressions.flatMap(metricsIn))
  expect(Object.keys(metrics).filter((name) => !seen.has(name))).toEqual(Object.keys(unseen))
})

test("a panel's description has the catalogue's sentence about what it shows", () => {
  const cache = panels.find(({ title }) => title === 'Block cache')
  expect(cache?.description).toContain(metrics.db_cache_bytes.description)
  const operations = panels.find(({ title }) => title === 'Operations')
  expect(operations?.description).toContain(`${metrics.db_get_operations_total.description} Likewise for set, delete,`)
})

test('bounds of buckets are asked for only inside histogram_quantile', () => {
  for (const expression of expressions) {
    expect(expression).not.toMatch(/\ble\s*=/)
    const buckets = expression.match(/_bucket\{/g)?.length ?? 0
    expect(expression.match(/histogram_quantile\(/g)?.length ?? 0, expression).toBe(buckets)
  }
})

test('every rate is taken over the window that Grafana finds', () => {
  const rates = expressions.flatMap((expression) => expression.match(/\brate\([^[]*\[[^\]]*\]/g) ?? [])
  expect(rates.length).toBeGreaterThan(100)
  for (const rate of rates) expect(rate).toMatch(/\[\$__rate_interval\]$/)
})

test('every store is chosen by the variables, in every query', () => {
  for (const expression of expressions) {
    const selectors = expression.match(/\b(?:db|wombat)_\w+(?:\{[^}]*\})?/g) ?? []
    for (const selector of selectors) {
      if (selector.startsWith('db_')) expect(selector).toContain('store=~"$store')
      expect(selector).toContain('instance=~"$instance|"')
    }
  }
})

describe('default rules', () => {
  // Of health the state is shown, by name and colour, and no number to be held against.
  const onNumbers = defaultRules.filter((rule) => 'threshold' in rule && rule.metric !== 'db_health_status')

  test.each(onNumbers.map((rule) => [rule.name, rule] as const))(
    '%s is told on a panel that shows its metric and has its threshold',
    (name, rule) => {
      const telling = panels.filter(
        ({ description = '', targets = [] }) =>
          description.includes(`Alert ${name} (`) && targets.some(({ expr }) => metricsIn(expr).includes(rule.metric)),
      )
      expect(telling).not.toEqual([])
      for (const { fieldConfig } of telling) {
        const values = fieldConfig?.defaults.thresholds?.steps.map(({ value }) => value)
        expect(values).toContain('threshold' in rule ? rule.threshold : undefined)
      }
    },
  )
})

test('a panel over what only some engines say names them, and no other', () => {
  const engines = (metric: MetricName) =>
    storeAdapters.flatMap(({ engineMetrics }) =>
      Object.keys(engineMetrics).filter((engine) => engineMetrics[engine]?.includes(metric)),
    )
  const noValueOf = (title: string) => panels.find((panel) => panel.title === title)?.fieldConfig?.defaults.noValue
  expect(noValueOf('Block cache')).toContain(`: ${engines('db_cache_bytes').join(', ')}.`)
  expect(noValueOf('Files by level of $store')).toContain(`: ${engines('db_level_files').sort().join(', ')}.`)
  expect(noValueOf('Cache lookups')).toMatch(/: rocksdb\. RocksDB counts this where .* enableStatistics\.$/)
  expect(noValueOf('Space reclaimed')).toMatch(/^No engine says this/)
  expect(engines('db_space_reclaim_bytes_total')).toEqual([])
})

test("every state of the monitor's health is asked for, the worse with the greater number", () => {
  const [health = ''] = panels.filter(({ title }) => title === 'Health').map(({ targets }) => targets?.[0]?.expr)
  const numbers = [...health.matchAll(/status="(\w+)"\}\) == 1\) \* (\d)/g)].map(([, status, number]) => [status, Number(number)])
  expect(numbers).toEqual(healthStatuses.map((status, index) => [status, index]))
})

test('alerts of every rule file are marked, of the processes that are chosen', () => {
  const alerts = Object.values(ruleFiles()).flatMap((text) => text.match(/(?<=- alert: )\w+/g) ?? [])
  expect(alerts).toContain('LatencyBudgetBurn')
  for (const [, { annotations }] of all) {
    const expressions = annotations.list.map(({ expr }) => expr)
    expect(expressions).toHaveLength(2)
    for (const expression of expressions) {
      expect(expression).toContain('job=~"(.+/)?$service|",service_name=~"$service|",instance=~"$instance|"')
    }
    const [, names = ''] = /^ALERTS\{.*alertname=~"([\w|]+)"\}$/.exec(expressions.at(-1) ?? '') ?? []
    expect(names.split('|').sort()).toEqual([...new Set(alerts)].sort())
  }
})

test('a single number is that of now: of a process that has gone, or an alert that is over, it does not go on', () => {
  const targets = panels.filter(({ type }) => type === 'stat').flatMap((panel) => panel.targets ?? [])
  expect(targets.length).toBeGreaterThan(10)
  for (const target of targets) expect(target).toMatchObject({ instant: true, range: false })
})

test('labels beside each other in a legend do not run into each other', () => {
  const legends = panels.flatMap(({ targets = [] }) => targets.map(({ legendFormat = '' }) => legendFormat))
  expect(legends.filter((legend) => legend.includes('}}{{'))).toEqual([])
})

test('a name in the address of a link may hold any letter', () => {
  const addresses = JSON.stringify(all).match(/\/d\/[^"]+/g) ?? []
  const names = addresses.flatMap((address) => address.match(/\$\{__(?:field|data)[^}]+\}/g) ?? [])
  expect(names.length).toBeGreaterThan(5)
  expect(names.filter((name) => !name.endsWith(':percentencode}'))).toEqual([])
})

test('a link leads to a dashboard that there is', () => {
  const uids = new Set(all.map(([, { uid }]) => uid))
  const linked = JSON.stringify(all).match(/\/d\/[\w-]+/g) ?? []
  expect(linked.length).toBeGreaterThan(5)
  for (const link of linked) expect(uids).toContain(link.replace('/d/', ''))
})
