import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { collectorConfig } from '@wombat/dashboards'
import { startBackend, stopProcess } from '@wombat/test-support/backend-process'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { cleanEnvironment } from '@wombat/test-support/clean-environment'
import { freePort } from '@wombat/test-support/free-port'
import { dashboards, resolveVariables } from '@wombat/test-support/panel-queries'
import { query } from '@wombat/test-support/query'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startPrometheusWith, startVictoriaMetricsWith } from '../doctor/pipeline.ts'

const lifeSeconds = 25
const table = 'Stores, worst first'

/** A panel of the fleet dashboard or a column of its table, and its order if the lowest value is the worst. */
type View = readonly [panel: string, column?: string | undefined, order?: 'ascending']

/** The panels and columns that must show the instance with a fault first. */
const views: Readonly<Record<string, readonly View[]>> = {
  failing: [[table, 'Error ratio'], ['Highest error ratio']],
  slow: [[table, 'Latency P99'], ['Highest latency (P99)']],
  'write stalls': [[table, 'Stall time'], ['Most write stall time']],
  'current stall': [[table, 'Current stall'], ['Longest current write stalls']],
  'stuck operation': [[table, 'Oldest operation'], ['Oldest operations in flight']],
  critical: [[table, 'Health'], ['Health checks not healthy, by instance']],
  alerting: [['Firing alerts by instance']],
  'disk full': [
    [table, 'Free disk space', 'ascending'],
    ['Least free disk space', undefined, 'ascending'],
  ],
  'memory full': [['Highest memory utilization']],
  'event loop delay': [['Highest event loop delay (P99)']],
}

/** Message of `fleet-process.ts`. */
interface Fleet {
  readonly members: ReadonlyArray<{ readonly instance: string; readonly store: string; readonly fault?: string }>
  readonly series: number
  readonly perInstance: number
}

/** Message of `query-process.ts`. Queries are named by panel and letter. */
interface Measured {
  readonly figures: Readonly<Record<string, number | string>>
  /** Queries with a median of a second or longer in each of several rounds. */
  readonly slow: readonly string[]
  readonly empty: readonly string[]
  readonly error?: string
}

/** Starts a script of this folder as a process that ends with the test. `nextMessage` waits for its next message. */
function startScript(name: string, ...args: string[]) {
  const execArgv = [...nodeFlags, '--conditions=source']
  const script = fileURLToPath(new URL(name, import.meta.url))
  const child = fork(script, args, { execArgv, env: cleanEnvironment() })
  onTestFinished(() => stopProcess(child))
  const nextMessage = async (): Promise<unknown> => {
    const over = new AbortController()
    const ended = once(child, 'exit', over).then(([code, signal]) => {
      throw new Error(`${name} ended with ${code ?? signal}`)
    })
    try {
      const [message] = await Promise.race([once(child, 'message', over), ended])
      return message
    } finally {
      ended.catch(() => {})
      over.abort()
    }
  }
  return { child, nextMessage }
}

/** Starts a Collector with the generated configuration that sends to a VictoriaMetrics. Returns its OTLP URL. */
async function startCollectorFor(victoriametrics: string): Promise<string> {
  const otlp = `127.0.0.1:${await freePort()}`
  const config = join(await temporaryFolder(), 'collector.yaml')
  await writeFile(config, collectorConfig('victoriametrics', { otlp, victoriametrics }))
  const url = `http://${otlp}/v1/metrics`
  // The Collector's own metrics would use a fixed port.
  await startBackend('otelcol', [`--config=${config}`, '--config=yaml:service::telemetry::metrics::level: none'], url)
  return url
}

/**
 * The Collector used here is built without the Prometheus exporter. VictoriaMetrics' /federate endpoint replaces it, with the labels that
 * the exporter would set: the service as job, the instance as instance, and no other resource attributes.
 */
const federateScrapeConfig = (victoriametrics: string) => ({
  job_name: 'page',
  honor_labels: true,
  scrape_interval: '2s',
  scrape_timeout: '2s',
  metrics_path: '/federate',
  params: { 'match[]': ['{__name__=~"(db|wombat)_.+"}'] },
  static_configs: [{ targets: [new URL(victoriametrics).host] }],
  metric_relabel_configs: [
    { source_labels: ['service_name'], target_label: 'job' },
    { source_labels: ['service_instance_id'], target_label: 'instance' },
    { action: 'labeldrop', regex: '(service|host|telemetry|scope)_.+' },
  ],
})

/** Returns the query of a panel or table column. A column title belongs to the query with the same letter. */
function viewQuery(panel: string, column?: string): string {
  const found = dashboards()['fleet']?.panels.find(({ title }) => title === panel)
  const renamed = JSON.stringify(found).match(new RegExp(`"Value #([A-Z])":"${column}"`))?.[1]
  const target = found?.targets?.find(({ refId }) => refId === (column === undefined ? 'A' : renamed))
  if (target === undefined) throw new Error(`the fleet dashboard has no ${[panel, column].filter(Boolean).join(', ')}`)
  return resolveVariables(target.expr)
}

/** Returns one message per view that does not show the faulty instance and its store first. */
async function wrongViews(backend: string, { instance, store, fault = '' }: Fleet['members'][number]): Promise<string[]> {
  const errors = (views[fault] ?? []).map(async ([panel, column, order]) => {
    const sign = order === undefined ? -1 : 1
    const samples = (await query(backend, viewQuery(panel, column))).sort((a, b) => sign * (a.value - b.value))
    const [first] = samples
    const next = samples.find(({ labels }) => labels['instance'] !== instance)
    // Process metrics have no store.
    const isFirst = first?.labels['instance'] === instance && [store, undefined].includes(first.labels['store'])
    const view = [panel, column].filter(Boolean).join(', ')
    return isFirst && first.value !== next?.value
      ? []
      : [`${fault}: ${view} shows ${JSON.stringify(first)} first, not ${instance}`]
  })
  return (await Promise.all(errors)).flat()
}

describe.skipIf(!areInstalled('prometheus', 'victoria-metrics', 'otelcol'))('fifty instances behind one Collector', () => {
  test('show the faulty ones first, and every query takes less than a second in both backends', async () => {
    const victoriametrics = await startVictoriaMetricsWith('-search.latencyOffset=0s')
    const prometheus = await startPrometheusWith({ scrape_configs: [federateScrapeConfig(victoriametrics)] })
    const backends = { VictoriaMetrics: victoriametrics, Prometheus: prometheus }
    const { members, series, perInstance } = (await startScript(
      'fleet-process.ts',
      await startCollectorFor(victoriametrics),
    ).nextMessage()) as Fleet
    const faulty = members.filter(({ fault }) => fault !== undefined)
    expect(faulty.map(({ fault }) => fault)).toEqual(Object.keys(views))
    await sleep(lifeSeconds * 1000)

    for (const [name, backend] of Object.entries(backends)) {
      const [stores] = await query(backend, 'sum(db_store_info)')
      expect(stores?.value, name).toBe(50)
      const wrong = await Promise.all(faulty.map((member) => wrongViews(backend, member)))
      expect(wrong.flat(), name).toEqual([])
    }

    // The limit is a second; over loopback, backends respond in milliseconds. This is not a benchmark: the figures are printed.
    const { child, nextMessage } = startScript('query-process.ts')
    const rows: object[] = []
    const slow: string[] = []
    for (const [name, backend] of Object.entries(backends)) {
      for (const instance of [undefined, faulty[0]?.instance]) {
        for (const dashboard of ['fleet', 'overview', 'engine']) {
          child.send({ backend, dashboard, instance, lifeSeconds })
          const measured = (await nextMessage()) as Measured
          expect(measured.error).toBeUndefined()
          rows.push({ backend: name, dashboard, instance: instance ?? 'all', ...measured.figures })
          slow.push(...measured.slow.map((panel) => `${name}, ${dashboard}: ${panel}`))
          // An empty result is fast and proves nothing.
          if (dashboard === 'fleet' && instance === undefined) expect(measured.empty, name).toEqual([])
        }
      }
    }
    console.log(`${members.length} instances with up to ${perInstance} series each, ${series} in total`)
    console.table(rows)
    expect(slow).toEqual([])
  }, 120_000)
})
