import { areInstalled } from '@wombat/test-support/backend-programs'
import { describe, expect, test } from 'vitest'
import {
  doctor,
  federatePage,
  relabelFlag,
  scrapeConfig,
  startCollectorWith,
  startPrometheusWith,
  startVictoriaMetricsWith,
  victoriaMetricsExporter,
} from './pipeline.ts'

const unchanged = 'all series arrived unchanged'

describe.skipIf(!areInstalled('prometheus', 'victoria-metrics', 'otelcol'))('the doctor', () => {
  test('reports every hop of a working pipeline as ok', async () => {
    const page = await startVictoriaMetricsWith()
    const end = await startVictoriaMetricsWith()
    const otlp = await startCollectorWith(victoriaMetricsExporter(page))
    const prometheus = await startPrometheusWith({
      scrape_configs: [scrapeConfig(page)],
      remote_write: [{ url: `${end}/api/v1/write` }],
    })
    const { code, out } = await doctor(25, { otlp, metrics: federatePage(page), prometheus, victoriametrics: end })
    expect(out.split('\n')).toEqual([
      `ok    this process -> Collector ${otlp}/v1/metrics: ${unchanged}`,
      `ok    Collector ${otlp}/v1/metrics -> metrics endpoint ${page}/federate: ${unchanged}`,
      `ok    metrics endpoint ${page}/federate -> Prometheus ${prometheus}: ${unchanged}`,
      `ok    Prometheus ${prometheus} -> VictoriaMetrics ${end}: ${unchanged}`,
      'All hops are ok.',
    ])
    expect(code).toBe(0)
  })

  test('reports a Collector that forwards nothing', async () => {
    const victoriametrics = await startVictoriaMetricsWith()
    const otlp = await startCollectorWith({ debug: {} })
    const { code, out } = await doctor(2, { otlp, victoriametrics })
    expect(code).toBe(1)
    expect(out).toContain(`ok    this process -> Collector ${otlp}/v1/metrics`)
    expect(out).toMatch(
      /FAIL {2}Collector .* -> VictoriaMetrics .*: lost: db_get_operations_total, db_level_bytes, db_get_latency/,
    )
    expect(out).toContain('Check for a -relabelConfig')
  })

  test('reports a prefix at the hop that adds it, and not at the next', async () => {
    const page = await startVictoriaMetricsWith(
      await relabelFlag({ source_labels: ['__name__'], regex: '(db_.+)', target_label: '__name__', replacement: 'acme_$1' }),
    )
    const otlp = await startCollectorWith(victoriaMetricsExporter(page))
    const prometheus = await startPrometheusWith({ scrape_configs: [scrapeConfig(page)] })
    const { code, out } = await doctor(25, { otlp, metrics: federatePage(page), prometheus })
    expect(code).toBe(1)
    expect(out).toContain(
      'db_get_operations_total was renamed to acme_db_get_operations_total. Something adds the prefix "acme_"',
    )
    expect(out).toContain('db_get_latency_seconds_bucket was renamed to acme_db_get_latency_seconds_bucket.')
    expect(out).toContain(`ok    metrics endpoint ${page}/federate -> Prometheus ${prometheus}: ${unchanged}`)
  })

  test('reports a repeated suffix, a removed label and a renamed label', async () => {
    const victoriametrics = await startVictoriaMetricsWith(
      await relabelFlag(
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a group in Go's regular expression syntax
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
    const otlp = await startCollectorWith(victoriaMetricsExporter(victoriametrics))
    const { code, out } = await doctor(25, { otlp, victoriametrics })
    expect(code).toBe(1)
    expect(out).toContain('was renamed to db_get_operations_total_total. Something adds the suffix "_total"')
    expect(out).toContain('the label store of db_get_operations_total was removed.')
    expect(out).toContain('the label level of db_level_bytes was renamed to lsm_level.')
    expect(out).not.toContain('lost')
  })

  test('reports a Prometheus that does not scrape the metrics endpoint', async () => {
    const page = await startVictoriaMetricsWith()
    const otlp = await startCollectorWith(victoriaMetricsExporter(page))
    const prometheus = await startPrometheusWith({ scrape_configs: [] })
    const { code, out } = await doctor(4, { otlp, metrics: federatePage(page), prometheus })
    expect(code).toBe(1)
    expect(out).toContain(`ok    Collector ${otlp}/v1/metrics -> metrics endpoint`)
    expect(out).toContain(`None of the 0 targets of Prometheus is ${new URL(page).host}`)
  })

  test('reports a Prometheus that drops scraped series', async () => {
    const page = await startVictoriaMetricsWith()
    const otlp = await startCollectorWith(victoriaMetricsExporter(page))
    const drop = { metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'db_level_.+', action: 'drop' }] }
    const prometheus = await startPrometheusWith({ scrape_configs: [scrapeConfig(page, drop)] })
    const { code, out } = await doctor(4, { otlp, metrics: federatePage(page), prometheus })
    expect(code).toBe(1)
    expect(out).toContain(`: lost: db_level_bytes. Prometheus scrapes ${new URL(page).host}. Check for metric_relabel_configs`)
  })
})
