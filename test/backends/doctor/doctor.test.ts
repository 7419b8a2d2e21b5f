import { installed } from '@wombat/test-support/backend-programs'
import { describe, expect, test } from 'vitest'
import {
  doctor,
  pageOf,
  relabelling,
  scrapeOf,
  startCollectorWith,
  startPrometheusWith,
  startVictoriaMetricsWith,
  toVictoriaMetrics,
} from './pipeline.ts'

const unchanged = 'all series arrived unchanged'

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
      `ok    this process -> Collector ${otlp}/v1/metrics: ${unchanged}`,
      `ok    Collector ${otlp}/v1/metrics -> metrics endpoint ${page}/federate: ${unchanged}`,
      `ok    metrics endpoint ${page}/federate -> Prometheus ${prometheus}: ${unchanged}`,
      `ok    Prometheus ${prometheus} -> VictoriaMetrics ${end}: ${unchanged}`,
      'All hops are ok.',
    ])
    expect(code).toBe(0)
  })

  test('a Collector that takes it and passes nothing on', async () => {
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

  test('a prefix that somebody puts in front, and says so once: behind it, all is as it came', async () => {
    const page = await startVictoriaMetricsWith(
      await relabelling({ source_labels: ['__name__'], regex: '(db_.+)', target_label: '__name__', replacement: 'acme_$1' }),
    )
    const otlp = await startCollectorWith(toVictoriaMetrics(page))
    const prometheus = await startPrometheusWith({ scrape_configs: [scrapeOf(page)] })
    const { code, out } = await doctor(25, { otlp, metrics: pageOf(page), prometheus })
    expect(code).toBe(1)
    expect(out).toContain(
      'db_get_operations_total was renamed to acme_db_get_operations_total. Something adds the prefix "acme_"',
    )
    expect(out).toContain('db_get_latency_seconds_bucket was renamed to acme_db_get_latency_seconds_bucket.')
    expect(out).toContain(`ok    metrics endpoint ${page}/federate -> Prometheus ${prometheus}: ${unchanged}`)
  })

  test('a suffix that is there twice, a label that is gone and one that has another name', async () => {
    const victoriametrics = await startVictoriaMetricsWith(
      await relabelling(
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a group, as Go's regular expressions write it
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
    expect(out).toContain('was renamed to db_get_operations_total_total. Something adds the suffix "_total"')
    expect(out).toContain('the label store of db_get_operations_total was removed.')
    expect(out).toContain('the label level of db_level_bytes was renamed to lsm_level.')
    expect(out).not.toContain('lost')
  })

  test('a Prometheus that does not read the page', async () => {
    const page = await startVictoriaMetricsWith()
    const otlp = await startCollectorWith(toVictoriaMetrics(page))
    const prometheus = await startPrometheusWith({ scrape_configs: [] })
    const { code, out } = await doctor(4, { otlp, metrics: pageOf(page), prometheus })
    expect(code).toBe(1)
    expect(out).toContain(`ok    Collector ${otlp}/v1/metrics -> metrics endpoint`)
    expect(out).toContain(`None of the 0 targets of Prometheus is ${new URL(page).host}`)
  })

  test('a Prometheus that reads it and drops what it finds', async () => {
    const page = await startVictoriaMetricsWith()
    const otlp = await startCollectorWith(toVictoriaMetrics(page))
    const drop = { metric_relabel_configs: [{ source_labels: ['__name__'], regex: 'db_level_.+', action: 'drop' }] }
    const prometheus = await startPrometheusWith({ scrape_configs: [scrapeOf(page, drop)] })
    const { code, out } = await doctor(4, { otlp, metrics: pageOf(page), prometheus })
    expect(code).toBe(1)
    expect(out).toContain(`: lost: db_level_bytes. Prometheus scrapes ${new URL(page).host}. Check for metric_relabel_configs`)
  })
})
