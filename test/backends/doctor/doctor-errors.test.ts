import { areInstalled } from '@wombat/test-support/backend-programs'
import { freePort } from '@wombat/test-support/free-port'
import { startStore } from '@wombat/test-support/store-under-load'
import { describe, expect, test } from 'vitest'
import { doctor, startCollectorWith, startPrometheusWith, startVictoriaMetricsWith } from './pipeline.ts'

const unchanged = 'all series arrived unchanged'

describe.skipIf(!areInstalled('prometheus', 'victoria-metrics', 'otelcol'))('the doctor', () => {
  test('reports missing authorization and prints no password', async () => {
    const victoriametrics = await startVictoriaMetricsWith('-httpAuth.username=reader', '-httpAuth.password=not-for-everybody')
    const otlp = await startCollectorWith({ debug: {} })
    const unknown = await doctor(1, { otlp, victoriametrics })
    expect(unknown.out).toContain('HTTP status 401, not authorized')
    const right = victoriametrics.replace('http://', 'http://reader:not-for-everybody@')
    const { out } = await doctor(1, { otlp, victoriametrics: right })
    expect(out).toContain('lost: db_get_operations_total')
    expect(out).not.toContain('not-for-everybody')
    const header = `authorization: Basic ${Buffer.from('reader:not-for-everybody').toString('base64')}`
    expect((await doctor(1, { otlp, victoriametrics, 'query-header': header })).out).toContain('lost: db_get_operations_total')
  })

  test('follows scraped series without a canary, and reports a relabeling', async () => {
    const store = await startStore({})
    await store.send('load')
    const { host } = new URL(store.metricsUrl)
    const scrape = { job_name: 'store', static_configs: [{ targets: [host] }] }
    const sound = await startPrometheusWith({ scrape_configs: [scrape] })
    const well = await doctor(6, { metrics: store.metricsUrl, prometheus: sound })
    expect(well.out.split('\n')).toEqual([
      `ok    monitored process -> metrics endpoint ${store.metricsUrl}: ${unchanged}`,
      `ok    metrics endpoint ${store.metricsUrl} -> Prometheus ${sound}: ${unchanged}`,
      'All hops are ok.',
    ])
    const prefixed = [{ source_labels: ['__name__'], regex: '(.+)', target_label: '__name__', replacement: 'acme:$1' }]
    const renaming = await startPrometheusWith({ scrape_configs: [{ ...scrape, metric_relabel_configs: prefixed }] })
    const { code, out } = await doctor(6, { metrics: store.metricsUrl, prometheus: renaming })
    expect(code).toBe(1)
    expect(out).toMatch(/(db_\w+_total) was renamed to acme:\1\./)
    expect(out).not.toContain('lost')
    const elsewhere = await doctor(1, { metrics: `${sound}/metrics`, prometheus: sound })
    expect(elsewhere.out).toContain('samples is a Wombat metric; check the URL')
  })

  test('reports a closed port, a wrong path and an endpoint that is not Prometheus', async () => {
    const closedPort = `http://127.0.0.1:${await freePort()}`
    const victoriaMetrics = await startVictoriaMetricsWith()
    const refused = await doctor(1, { otlp: closedPort, prometheus: victoriaMetrics })
    expect(refused.code).toBe(1)
    expect(refused.out).toContain(`FAIL  this process -> Collector ${closedPort}/v1/metrics`)
    expect(refused.out).toContain('connection refused; check that the server is running')
    const wrongPath = await doctor(1, { otlp: `${victoriaMetrics}/v1/metrics`, victoriametrics: victoriaMetrics })
    expect(wrongPath.out).toContain(`${victoriaMetrics}/v1/metrics: HTTP status 400`)
    const otlp = await startCollectorWith({ debug: {} })
    const beyond = await doctor(1, { otlp, metrics: `${otlp}/metrics`, prometheus: closedPort })
    expect(beyond.code).toBe(1)
    expect(beyond.out).toContain(`${otlp}/metrics: HTTP status 404, no such endpoint`)
    expect(beyond.out).toContain(`${closedPort}/api/v1/query: connection refused`)
  })
})
