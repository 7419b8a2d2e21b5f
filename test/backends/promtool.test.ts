import { spawnSync } from 'node:child_process'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { prometheusText, SnapshotReader, startMonitoring } from '@wombat/monitor'
import { areInstalled, programPath } from '@wombat/test-support/backend-programs'
import { startDemo } from '@wombat/test-support/demo-process'
import { scrapeText } from '@wombat/test-support/scrape'
import { startStore } from '@wombat/test-support/store-under-load'
import { describe, expect, onTestFinished, test } from 'vitest'

/** Checks a page with promtool. Returns its output, an empty string if the page is valid. */
function checkPage(page: string): string {
  const { status, stdout, stderr } = spawnSync(programPath('promtool'), ['check', 'metrics'], { input: page, encoding: 'utf8' })
  return `${stdout}${stderr}${status === 0 ? '' : `promtool exited with ${status}`}`
}

describe.skipIf(!areInstalled('promtool'))('promtool accepts', () => {
  test('the page of the demo', async () => {
    const demo = await startDemo('--for', '20', '--prometheus-port', '0', '--json-port', '0')
    const page = await scrapeText((await demo.addresses()).metrics)
    expect(page).toContain('db_get_latency_seconds_bucket')
    expect(checkPage(page)).toBe('')
  })

  test('a page with the names of Wombat and OpenTelemetry', async () => {
    const store = await startStore({ semconv: 'both' })
    await store.send('load')
    await store.send('stop')
    const page = await scrapeText(store.metricsUrl)
    expect(page).toContain('db_client_operation_duration_seconds_bucket')
    expect(checkPage(page)).toBe('')
  })

  test('the page of a monitor without stores', async () => {
    const monitoring = await startMonitoring({ prometheusEnabled: true, prometheusPort: 0, jsonApiEnabled: false })
    onTestFinished(() => monitoring.close())
    expect(checkPage(await scrapeText(`${monitoring.addresses.prometheus}/metrics`))).toBe('')
  })

  test('a page without metrics', async () => {
    const reader = new SnapshotReader()
    const provider = new MeterProvider({ readers: [reader] })
    onTestFinished(() => provider.shutdown())
    expect(checkPage(prometheusText(await reader.take(), 'wombat'))).toBe('')
  })

  test('no page with a duplicate series', () => {
    expect(checkPage('db_get_operations_total 1\ndb_get_operations_total 2\n')).not.toBe('')
  })
})
