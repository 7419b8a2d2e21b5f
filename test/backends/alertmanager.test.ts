import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type AlertRule, startMonitoring } from '@wombat/monitor'
import { startBackend } from '@wombat/test-support/backend-process'
import { areInstalled } from '@wombat/test-support/backend-programs'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { freePort } from '@wombat/test-support/free-port'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { MemoryLevel } from 'memory-level'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { stringify } from 'yaml'

interface Received {
  readonly status: 'firing' | 'resolved'
  readonly alerts: ReadonlyArray<{
    readonly status: string
    readonly labels: Readonly<Record<string, string>>
    readonly annotations: object
  }>
}

/** Starts a webhook receiver on the loopback interface that keeps the notifications. */
async function startWebhookReceiver(): Promise<{ url: string; got: Received[] }> {
  const got: Received[] = []
  const server = createServer(async (request, response) => {
    got.push((await json(request)) as Received)
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, got }
}

async function startAlertmanager(webhookUrl: string): Promise<string> {
  const folder = await temporaryFolder()
  const config = join(folder, 'alertmanager.yml')
  const route = { receiver: 'hook', group_by: ['alertname'], group_wait: '0s', group_interval: '1s', repeat_interval: '1h' }
  const receivers = [{ name: 'hook', webhook_configs: [{ url: webhookUrl, send_resolved: true }] }]
  await writeFile(config, stringify({ route, receivers }))
  const url = `http://127.0.0.1:${await freePort()}`
  const args = [
    `--config.file=${config}`,
    `--storage.path=${join(folder, 'data')}`,
    `--web.listen-address=${url.slice(7)}`,
    '--cluster.listen-address=',
  ]
  await startBackend('alertmanager', args, `${url}/-/ready`)
  return url
}

const rule: AlertRule = {
  name: 'HighErrorRateGet',
  condition: 'ratio_above',
  metric: 'db_get_errors_total',
  of: 'db_get_operations_total',
  windowMs: 2000,
  threshold: 0.5,
  durationMs: 400,
  severity: 'critical',
  annotations: { summary: '{{ value | percent }} of the get operations of {{ labels.store }} fail.' },
}

describe.skipIf(!areInstalled('alertmanager'))('a real Alertmanager', () => {
  test('and a webhook are notified when operations of a store fail, and when they succeed again', async () => {
    const ofAlertmanager = await startWebhookReceiver()
    const own = await startWebhookReceiver()
    await using monitoring = await startMonitoring({
      jsonApiEnabled: false,
      metricsIntervalMs: 100,
      alertEvaluationIntervalMs: 200,
      alertRules: [rule],
      alertmanagerUrl: await startAlertmanager(ofAlertmanager.url),
      alertWebhookUrl: own.url,
      alertWebhookAllowPrivate: true,
      logger: collectingLogger(),
    })
    const memory = new MemoryLevel()
    const works = Reflect.get(memory, '_get') as (...args: unknown[]) => Promise<unknown>
    let failing = true
    Reflect.set(memory, '_get', (...args: unknown[]) =>
      failing ? Promise.reject(new Error('induced')) : works.apply(memory, args),
    )
    await using store = monitoring.instrument(memory, { name: 'orders' })
    const stop = new AbortController()
    const load = (async () => {
      while (!stop.signal.aborted) {
        await store.get('a').catch(() => {})
        await sleep(10)
      }
    })()

    const waitForStatus = (status: string) => vi.waitFor(() => expectReceived(status), { timeout: 20_000, interval: 100 })
    const expectReceived = (status: string): void => {
      for (const { got } of [ofAlertmanager, own]) expect(got.map((one) => one.status)).toContain(status)
    }
    await waitForStatus('firing')
    failing = false
    await waitForStatus('resolved')
    stop.abort()
    await load

    for (const { got } of [ofAlertmanager, own]) {
      expect(got[0]).toMatchObject({
        status: 'firing',
        alerts: [
          {
            status: 'firing',
            labels: { alertname: 'HighErrorRateGet', severity: 'critical', store: 'orders' },
            annotations: { summary: '100% of the get operations of orders fail.' },
          },
        ],
      })
      expect(got.at(-1)?.status).toBe('resolved')
    }
  }, 60_000)
})
