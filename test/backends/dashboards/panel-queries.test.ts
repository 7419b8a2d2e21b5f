import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installed, pathOf } from '@wombat/test-support/backend-programs'
import { dashboards, panelQueries, resolved } from '@wombat/test-support/panel-queries'
import { describe, expect, test } from 'vitest'

/** What Prometheus' own checker says of a file with this content; nothing where all is right. */
function complaints(command: 'check' | 'test', content: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'wombat-queries-'))
  try {
    const file = join(folder, 'rules.yml')
    writeFileSync(file, JSON.stringify(content))
    const { status, stdout, stderr } = spawnSync(pathOf('promtool'), [command, 'rules', file], { encoding: 'utf8' })
    return status === 0 ? '' : `${stdout}${stderr}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Queries of variables, without Grafana's word for "the series of", and of annotations. */
const otherQueries = Object.values(dashboards()).flatMap(({ templating, annotations }) => [
  ...templating.list.flatMap(({ type, query = '' }) => (type === 'query' ? [query.replace(/^query_result\((.*)\)$/, '$1')] : [])),
  ...annotations.list.map(({ expr }) => expr),
])

test('no variable is left in a query once it is resolved', () => {
  const queries = panelQueries()
  expect(queries.length).toBeGreaterThan(150)
  for (const { expr, panel, metrics } of queries) {
    expect(expr.replaceAll('"$1"', ''), panel).not.toContain('$')
    expect(metrics, panel).not.toEqual([])
  }
})

interface Route {
  readonly labels: (service: string, process: string) => Readonly<Record<string, string>>
  /** The value that the variable Service has. */
  readonly service: string
}

/** How each route says that a series is of the service `orders`, in the namespace `shop`. */
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

function seriesOf(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`)
  return `{${pairs.join(',')}}`
}

describe.skipIf(!installed('promtool'))('the queries of the dashboards', () => {
  test('are PromQL, those of variables and annotations too', () => {
    const queries = [...panelQueries().map(({ expr }) => expr), ...otherQueries.map((query) => resolved(query))]
    const rules = queries.map((expr, index) => ({ record: `query_${index}`, expr }))
    expect(complaints('check', { groups: [{ name: 'panels', rules }] })).toBe('')
  })

  test.each(Object.entries(routes))('choose by service, instance and store, by way of %s', (_name, { labels, service }) => {
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
    const asked = (values: Parameters<typeof resolved>[1], sums: Readonly<Record<string, number>>) => ({
      expr: resolved(raw ?? '', values),
      eval_time: '1m',
      exp_samples: Object.entries(sums).map(([store, value]) => ({ labels: `{store="${store}"}`, value })),
    })
    const file = {
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: series.map(([own, store, value]) => ({
            series: `db_queue_depth${seriesOf({ ...own, store })}`,
            values: `${value}x2`,
          })),
          promql_expr_test: [
            asked({}, { a: 5, b: 2 }),
            asked({ service }, { a: 1, b: 2 }),
            asked({ service: `(${service}|nothing)` }, { a: 1, b: 2 }),
            asked({ service: 'order' }, {}),
            asked({ instance: 'two:9464' }, { b: 2 }),
            asked({ service, instance: 'three:9464' }, {}),
            asked({ store: 'a' }, { a: 5 }),
            asked({ service, store: 'a' }, { a: 1 }),
          ],
        },
      ],
    }
    expect(complaints('test', file)).toBe('')
  })
})
