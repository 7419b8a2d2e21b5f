import { describe, expect, test } from 'vitest'
import { freePort } from '../backends/free-port.ts'
import { installed } from '../backends/installed.ts'
import {
  pageOf,
  relabelling,
  scrapeOf,
  startCollectorWith,
  startPrometheusWith,
  startVictoriaMetricsWith,
  toVictoriaMetrics,
  wombatDashboards,
} from './route.ts'

const doctor = (seconds: number, places: Readonly<Record<string, string>>) =>
  wombatDashboards('doctor', `--timeout-seconds=${seconds}`, ...Object.entries(places).map(([name, url]) => `--${name}=${url}`))

const unchanged = 'the canary arrived as it was given'

describe.skipIf(!installed('prometheus', 'victoria-metrics', 'otelcol'))('the doctor finds', () => {
  test('nothing wrong with a route that is sound, from end to end', async () => {
    const page = await startVictoriaMetricsWith()
    const end = await startVictoriaMetricsWith()
    const otlp = await startCollectorWith(toVictoriaMetrics(page))
    const prometheus = await startPrometheusWith({
      scrape_configs: [scrapeOf(page)],
      remote_write: [{ url: `${end}/api/v1/write` }],
    })
    const { code, out } = await doctor(25, { otlp, metrics: pageOf(page), prometheus, victoriametrics: end })
    expect(out.split('\n')).toEqual([
      `ok    this process -> the Collector ${otlp}/v1/metrics: ${unchanged}`,
      `ok    the Collector ${otlp}/v1/metrics -> the page ${page}/federate: ${unchanged}`,
      `ok    the page ${page}/federate -> Prometheus ${prometheus}: ${unchanged}`,
      `ok    Prometheus ${prometheus} -> VictoriaMetrics ${end}: ${unchanged}`,
      'The route is sound.',
    ])
    expect(code).toBe(0)
  })

  test('a Collector that takes it and passes nothing on', async () => {
    const victoriametrics = await startVictoriaMetricsWith()
    const otlp = await startCollectorWith({ debug: {} })
    const { code, out } = await doctor(2, { otlp, victoriametrics })
    expect(code).toBe(1)
    expect(out).toContain(`ok    this process -> the Collector ${otlp}/v1/metrics`)
    expect(out).toMatch(
      /WRONG the Collector .* -> VictoriaMetrics .*: lost: db_get_operations_total, db_level_files, db_get_latency/,
    )
    expect(out).toContain('Look for a -relabelConfig')
  })

  test('a prefix that somebody puts in front, and says so once: behind it, all is as it came', async () => {
    const page = await startVictoriaMetricsWith(
      await relabelling({ source_labels: ['__name__'], regex: '(db_.+)', target_label: '__name__', replacement: 'acme_$1' }),
    )
    const otlp = await startCollectorWith(toVictoriaMetrics(page))
    const prometheus = await startPrometheusWith({ scrape_configs: [scrapeOf(page)] })
    const { code, out } = await doctor(25, { otlp, metrics: pageOf(page), prometheus })
    expect(code).toBe(1)
    expect(out).toContain('db_get_operations_total is called acme_db_get_operations_total here. Something puts "acme_" in front')
    expect(out).toContain('db_get_latency_seconds_bucket is called acme_db_get_latency_seconds_bucket here.')
    expect(out).toContain(`ok    the page ${page}/federate -> Prometheus ${prometheus}: ${unchanged}`)
  })

  test('a suffix that is there twice, a label that is gone and one that has another name', async () => {
    const victoriametrics = await startVictoriaMetricsWith(
      await relabelling(
        { source_labels: ['__name__'], regex: '(db_get_.+_total)', target_label: '__name__', replacement: '${1}_total' },
        { source_labels: ['level'], regex: '(.+)', target_label: 'lsm_level', replacement: '$1' },
        { action: 'labeldrop', regex: 'level' },
        {
          source_labels: ['__name__', 'store'],
          regex: 'db_get_operations_total_total;.*',
          target_label: 'store',
          replacement: '',
        },
      ),
    )
    const otlp = await startCollectorWith(toVictoriaMetrics(victoriametrics))
    const { code, out } = await doctor(25, { otlp, victoriametrics })
    expect(code).toBe(1)
    expect(out).toContain('is called db_get_operations_total_total here. Something puts "_total" behind')
    expect(out).toContain('db_get_operations_total has no label store here.')
    expect(out).toContain('the label level of db_level_files is called lsm_level here.')
    expect(out).not.toContain('lost')
  })

  test('a Prometheus that does not read the page', async () => {
    const page = await startVictoriaMetricsWith()
    const otlp = await startCollectorWith(toVictoriaMetrics(page))
    const prometheus = await startPrometheusWith({ scrape_configs: [] })
    const { code, out } = await doctor(6, { otlp, metrics: pageOf(page), prometheus })
    expect(code).toBe(1)
    expect(out).toContain(`ok    the Collector ${otlp}/v1/metrics -> the page`)
    expect(out).toContain(`None of its 0 targets is ${new URL(page).host}`)
  })

  test('a Prometheus that reads it and drops what it finds', async () => {
    const page = await startVictoriaMetricsWith()
    const otlp = await startCollectorWith(toVictoriaMetrics(page))
    const drop = { metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'db_level_.+', action: 'drop' }] }
    const prometheus = await startPrometheusWith({ scrape_configs: [scrapeOf(page, drop)] })
    const { code, out } = await doctor(6, { otlp, metrics: pageOf(page), prometheus })
    expect(code).toBe(1)
    expect(out).toContain(': lost: db_level_files. It reads that page: look for metric_relabel_configs')
  })

  test('that nobody listens, that a path is wrong, and that a page is none of Prometheus', async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`
    const victoriaMetrics = await startVictoriaMetricsWith()
    const refused = await doctor(2, { otlp: nobody, prometheus: victoriaMetrics })
    expect(refused.code).toBe(1)
    expect(refused.out).toContain(`WRONG this process -> the Collector ${nobody}/v1/metrics`)
    expect(refused.out).toContain('connection refused, nobody listens there')
    const wrongPath = await doctor(2, { otlp: `${victoriaMetrics}/v1/metrics`, victoriametrics: victoriaMetrics })
    expect(wrongPath.out).toContain(`${victoriaMetrics}/v1/metrics answers 400`)
    const otlp = await startCollectorWith({ debug: {} })
    const beyond = await doctor(2, { otlp, metrics: `${otlp}/metrics`, prometheus: nobody })
    expect(beyond.code).toBe(1)
    expect(beyond.out).toContain(`${otlp}/metrics answers 404: it has nothing of the kind there`)
    expect(beyond.out).toContain(`${nobody}/api/v1/query cannot be asked: connection refused`)
  })
})
