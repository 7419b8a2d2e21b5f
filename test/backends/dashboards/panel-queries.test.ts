import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { areInstalled, programPath } from '@wombat/test-support/backend-programs'
import { dashboards, panelQueries, resolveVariables } from '@wombat/test-support/panel-queries'
import { describe, expect, test } from 'vitest'

/** Returns promtool's errors for a rule file with this content; an empty string if it is valid. */
function promtoolErrors(command: 'check' | 'test', content: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'wombat-queries-'))
  try {
    const file = join(folder, 'rules.yml')
    writeFileSync(file, JSON.stringify(content))
    const { status, stdout, stderr } = spawnSync(programPath('promtool'), [command, 'rules', file], { encoding: 'utf8' })
    return status === 0 ? '' : `${stdout}${stderr}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Queries of variables, without Grafana's query_result(), and of annotations. */
const otherQueries = Object.values(dashboards()).flatMap(({ templating, annotations }) => [
  ...templating.list.flatMap(({ type, query = '' }) => (type === 'query' ? [query.replace(/^query_result\((.*)\)$/, '$1')] : [])),
  ...annotations.list.map(({ expr }) => expr),
])

test('a resolved query contains no variable', () => {
  const queries = panelQueries()
  expect(queries.length).toBeGreaterThan(150)
  for (const { expr, panel, metrics } of queries) {
    expect(expr.replaceAll('"$1"', ''), panel).not.toContain('$')
    expect(metrics, panel).not.toEqual([])
  }
})

interface Route {
  readonly labels: (service: string, process: string) => Readonly<Record<string, string>>
  /** Value of the variable Service. */
  readonly service: string
}

/** Labels of the service `orders` in the namespace `shop`, by route. */
const routes: Readonly<Record<string, Route>> = {
  'a scrape': { labels: (service, process) => ({ job: service, instance: `${process}:9464` }), service: 'orders' },
  'OTLP into Prometheus': {
    labels: (service, process) => ({ job: `shop/${service}`, instance: `${process}:9464` }),
    service: 'shop/orders',
  },
  'OTLP into Prometheus, with promoted attributes': {
    labels: (service, process) => ({
      job: `shop/${service}`,
      instance: `${process}:9464`,
      service_name: service,
      service_instance_id: `${process}:9464`,
    }),
    service: 'orders',
  },
  'OTLP into VictoriaMetrics': {
    labels: (service, process) => ({ service_name: service, service_instance_id: `${process}:9464` }),
    service: 'orders',
  },
}

function formatLabels(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return `{${pairs.join(',')}}`
}

describe.skipIf(!areInstalled('promtool'))('dashboard queries', () => {
  test('of panels, variables and annotations are valid PromQL', () => {
    const queries = [...panelQueries().map(({ expr }) => expr), ...otherQueries.map((query) => resolveVariables(query))]
    const rules = queries.map((expr, index) => ({ record: `query_${index}`, expr }))
    expect(promtoolErrors('check', { groups: [{ name: 'panels', rules }] })).toBe('')
  })

  test.each(Object.entries(routes))(
    'filter by service, instance and store with the labels of %s',
    (_name, { labels, service }) => {
      const depth = panelQueries().find(({ panel }) => panel === 'Queue depth')
      const [raw] = Object.values(dashboards())
        .flatMap(({ panels }) => panels)
        .filter(({ title }) => title === depth?.panel)
        .map(({ targets }) => targets?.[0]?.expr ?? '')
      const series = [
        [labels('orders', 'one'), 'a', 1],
        [labels('orders', 'two'), 'b', 2],
        [labels('users', 'three'), 'a', 4],
      ] as const
      const expectation = (values: Parameters<typeof resolveVariables>[1], sums: Readonly<Record<string, number>>) => ({
        expr: resolveVariables(raw ?? '', values),
        eval_time: '1m',
        exp_samples: Object.entries(sums).map(([store, value]) => ({ labels: `{store="${store}"}`, value })),
      })
      const file = {
        evaluation_interval: '1m',
        tests: [
          {
            interval: '1m',
            input_series: series.map(([own, store, value]) => ({
              series: `db_queue_depth${formatLabels({ ...own, store })}`,
              values: `${value}x2`,
            })),
            promql_expr_test: [
              expectation({}, { a: 5, b: 2 }),
              expectation({ service }, { a: 1, b: 2 }),
              expectation({ service: `(${service}|nothing)` }, { a: 1, b: 2 }),
              expectation({ service: 'order' }, {}),
              expectation({ instance: 'two:9464' }, { b: 2 }),
              expectation({ service, instance: 'three:9464' }, {}),
              expectation({ store: 'a' }, { a: 5 }),
              expectation({ service, store: 'a' }, { a: 1 }),
            ],
          },
        ],
      }
      expect(promtoolErrors('test', file)).toBe('')
    },
  )
})
