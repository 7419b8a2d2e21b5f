import { spawnSync } from 'node:child_process'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { prometheusText, SnapshotReader, startMonitoring } from '@wombat/monitor'
import { areInstalled, programPath } from '@wombat/test-support/backend-programs'
import { startDemo } from '@wombat/test-support/demo-process'
import { scrapeText } from '@wombat/test-support/scrape'
import { startStore } from '@wombat/test-support/store-under-load'
import { describe, expect, onTestFinished, test } from 'vitest'

/** What promtool says of a page; nothing where it has no complaint. */
function checkPage(page: string): string {
  const { status, stdout, stderr } = spawnSync(programPath('promtool'), ['check', 'metrics'], { input: page, encoding: 'utf8' })
  return `${stdout}${stderr}${status === 0 ? '' : `promtool ended with ${status}`}`
}

describe.skipIf(!areInstalled('promtool'))('promtool has no complaint', () => {
  test("about the demo's page", async () => {
    const demo = await startDemo('--for', '20', '--prometheus-port', '0', '--json-port', '0')
    const page = await scrapeText((await demo.addresses()).metrics)
    expect(page).toContain('db_get_latency_seconds_bucket')
    expect(checkPage(page)).toBe('')
  })

  test("about a page with Wombat's names and OpenTelemetry's", async () => {
    const store = await startStore({ semconv: 'both' })
    await store.send('load')
    await store.send('stop')
    const page = await scrapeText(store.metricsUrl)
    expect(page).toContain('db_client_operation_duration_seconds_bucket')
    expect(checkPage(page)).toBe('')
  })

  test('about the page of a monitor that has nothing to measure', async () => {
    const monitoring = await startMonitoring({ prometheusEnabled: true, prometheusPort: 0, jsonApiEnabled: false })
    onTestFinished(() => monitoring.close())
    expect(checkPage(await scrapeText(`${monitoring.addresses.prometheus}/metrics`))).toBe('')
  })

  test('about a page without any metric', async () => {
    const reader = new SnapshotReader()
    const provider = new MeterProvider({ readers: [reader] })
    onTestFinished(() => provider.shutdown())
    expect(checkPage(prometheusText(await reader.take(), 'wombat'))).toBe('')
  })

  test('unless there is something to complain of', () => {
    expect(checkPage('db_get_operations_total 1\ndb_get_operations_total 2\n')).not.toBe('')
  })
})
