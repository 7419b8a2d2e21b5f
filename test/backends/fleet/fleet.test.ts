import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { collectorConfig } from '@wombat/dashboards'
import { end, run } from '@wombat/test-support/backend-process'
import { installed } from '@wombat/test-support/backend-programs'
import { plainEnvironment } from '@wombat/test-support/clean-environment'
import { freePort } from '@wombat/test-support/free-port'
import { dashboards, resolved } from '@wombat/test-support/panel-queries'
import { query } from '@wombat/test-support/query'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { nodeFlags } from '@wombat/test-support/type-stripping'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startPrometheusWith, startVictoriaMetricsWith } from '../doctor/pipeline.ts'

const lifeSeconds = 25
const table = 'Stores, worst first'

/** A panel of the fleet dashboard or, by its letter, one query of its table; of some the least is the worst. */
type View = readonly [panel: string, column?: string | undefined, order?: 'least is worst']

/** Where the dashboard must name the instance with a fault first. */
const views: Readonly<Record<string, readonly View[]>> = {
  failing: [[table, 'Error ratio'], ['Highest error ratio']],
  slow: [[table, 'Latency P99'], ['Highest latency (P99)']],
  'held back': [[table, 'Stall time'], ['Most write stall time']],
  stalled: [[table, 'Current stall'], ['Longest current write stalls']],
  waiting: [[table, 'Oldest operation'], ['Oldest operations in flight']],
  critical: [[table, 'Health'], ['Health checks not healthy, by instance']],
  alerting: [['Firing alerts by instance']],
  'disk full': [
    [table, 'Free disk space', 'least is worst'],
    ['Least free disk space', undefined, 'least is worst'],
  ],
  'memory full': [['Highest memory utilization']],
  late: [['Highest event loop delay (P99)']],
}

/** What `fleet-process.ts` says of itself. */
interface Fleet {
  readonly members: ReadonlyArray<{ readonly instance: string; readonly store: string; readonly fault?: string }>
  readonly series: number
  readonly perInstance: number
}

/** What `query-process.ts` found: its queries by panel and letter. */
interface Found {
  readonly figures: Readonly<Record<string, number | string>>
  /** Took a second or longer, the median of three, each of several times. */
  readonly late: readonly string[]
  readonly silent: readonly string[]
  readonly error?: string
}

/** A script beside this one as a process that ends with the test; `heard` waits for its next message. */
function startScript(name: string, ...args: string[]) {
  const execArgv = [...nodeFlags, '--conditions=source']
  const script = fileURLToPath(new URL(name, import.meta.url))
  const child = fork(script, args, { execArgv, env: plainEnvironment() })
  onTestFinished(() => end(child))
  const heard = async (): Promise<unknown> => {
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
  return { child, heard }
}

/** One Collector with the configuration that users get, before a VictoriaMetrics: where it takes OTLP. */
async function startCollectorBefore(victoriametrics: string): Promise<string> {
  const otlp = `127.0.0.1:${await freePort()}`
  const config = join(await temporaryFolder(), 'collector.yaml')
  await writeFile(config, collectorConfig('victoriametrics', { otlp, victoriametrics }))
  const url = `http://${otlp}/v1/metrics`
  // Its own numbers would take a port that everybody's Collector takes.
  await run('otelcol', [`--config=${config}`, '--config=yaml:service::telemetry::metrics::level: none'], url)
  return url
}

/**
 * The Collector here is built without the exporter that shows a page to Prometheus. A page of VictoriaMetrics stands in its place,
 * and is read as that exporter would have written it: the service is the job, its instance the instance, and nothing else is told.
 */
const scrapeOfPage = (victoriametrics: string) => ({
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

/** A table's columns are named in one place and asked for in another: the letter of its query ties the two. */
function expressionOf(panel: string, column?: string): string {
  const found = dashboards()['fleet']?.panels.find(({ title }) => title === panel)
  const renamed = JSON.stringify(found).match(new RegExp(`"Value #([A-Z])":"${column}"`))?.[1]
  const target = found?.targets?.find(({ refId }) => refId === (column === undefined ? 'A' : renamed))
  if (target === undefined) throw new Error(`the fleet dashboard has no ${[panel, column].filter(Boolean).join(', ')}`)
  return resolved(target.expr)
}

/** A line for each view that does not name the instance with this fault, and its store, before all others. */
async function misnamed(backend: string, { instance, store, fault = '' }: Fleet['members'][number]): Promise<string[]> {
  const complaints = (views[fault] ?? []).map(async ([panel, column, order]) => {
    const sign = order === undefined ? -1 : 1
    const lines = (await query(backend, expressionOf(panel, column))).sort((a, b) => sign * (a.value - b.value))
    const [first] = lines
    const next = lines.find(({ labels }) => labels['instance'] !== instance)
    // A process' memory, say, is of no store.
    const isNamed = first?.labels['instance'] === instance && [store, undefined].includes(first.labels['store'])
    const place = [panel, column].filter(Boolean).join(', ')
    return isNamed && first.value !== next?.value ? [] : [`${fault}: ${place} names ${JSON.stringify(first)}, not ${instance}`]
  })
  return (await Promise.all(complaints)).flat()
}

describe.skipIf(!installed('prometheus', 'victoria-metrics', 'otelcol'))('fifty instances behind one Collector', () => {
  test('have the bad ones among them named, and each query answered within a second, by either backend', async () => {
    const victoriametrics = await startVictoriaMetricsWith('-search.latencyOffset=0s')
    const prometheus = await startPrometheusWith({ scrape_configs: [scrapeOfPage(victoriametrics)] })
    const backends = { VictoriaMetrics: victoriametrics, Prometheus: prometheus }
    const { members, series, perInstance } = (await startScript(
      'fleet-process.ts',
      await startCollectorBefore(victoriametrics),
    ).heard()) as Fleet
    const bad = members.filter(({ fault }) => fault !== undefined)
    expect(bad.map(({ fault }) => fault)).toEqual(Object.keys(views))
    await sleep(lifeSeconds * 1000)

    for (const [name, backend] of Object.entries(backends)) {
      const [stores] = await query(backend, 'sum(db_store_info)')
      expect(stores?.value, name).toBe(50)
      const wrong = await Promise.all(bad.map((member) => misnamed(backend, member)))
      expect(wrong.flat(), name).toEqual([])
    }

    // A second is what is demanded; on the loopback interface backends answer in milliseconds. No benchmark: the figures are printed.
    const { child, heard } = startScript('query-process.ts')
    const rows: object[] = []
    const late: string[] = []
    for (const [name, backend] of Object.entries(backends)) {
      for (const instance of [undefined, bad[0]?.instance]) {
        for (const dashboard of ['fleet', 'overview', 'engine']) {
          child.send({ backend, dashboard, instance, lifeSeconds })
          const found = (await heard()) as Found
          expect(found.error).toBeUndefined()
          rows.push({ backend: name, dashboard, instance: instance ?? 'all', ...found.figures })
          late.push(...found.late.map((panel) => `${name}, ${dashboard}: ${panel}`))
          // It is easy to be quick with nothing to say.
          if (dashboard === 'fleet' && instance === undefined) expect(found.silent, name).toEqual([])
        }
      }
    }
    console.log(`${members.length} instances of up to ${perInstance} series, ${series} together`)
    console.table(rows)
    expect(late).toEqual([])
  }, 120_000)
})
