import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createAlert, createDispatcher, startReceiver, toFiring, toResolved } from '../../../test/alerts/alert-fixtures.ts'
import { webhookNotifier } from './webhook.ts'

const firing = createAlert('firing')
const resolved = createAlert('resolved')

test('a firing alert and its resolution are posted in the format of Alertmanager', async () => {
  const { requests, url } = await startReceiver(200)
  const { dispatcher } = createDispatcher(webhookNotifier({ url, authorization: 'Bearer token', allowPrivate: true }))
  dispatcher.notify([firing], [toFiring(firing)], 5000)
  dispatcher.notify([resolved], [toResolved(resolved)], 60_000)
  await dispatcher.close(5000)
  expect(requests.map(({ body }) => body.status)).toEqual(['firing', 'resolved'])
  expect(requests[0]?.headers).toMatchObject({ 'content-type': 'application/json', authorization: 'Bearer token' })
  expect(requests[0]?.body).toMatchObject({
    version: '4',
    receiver: 'webhook',
    truncatedAlerts: 0,
    groupLabels: { alertname: 'Slow' },
    commonLabels: { alertname: 'Slow', severity: 'critical', store: 'orders' },
    commonAnnotations: { summary: 'orders is slow' },
    alerts: [{ status: 'firing', startsAt: '1970-01-01T00:00:05.000Z', endsAt: '0001-01-01T00:00:00Z' }],
  })
  expect(requests[1]?.body.alerts).toMatchObject([{ status: 'resolved', endsAt: '1970-01-01T00:01:00.000Z' }])
  expect(requests[0]?.body.alerts[0].fingerprint).toBe(requests[1]?.body.alerts[0].fingerprint)
})

test('a 5xx status is retried, and the notification is posted until it is accepted', async () => {
  const { requests, url } = await startReceiver(503, 500, 200)
  const { dispatcher, dropped } = createDispatcher(webhookNotifier({ url, allowPrivate: true }))
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(5000)
  expect(requests).toHaveLength(3)
  expect(dropped).toEqual([])
})

test.each([400, 404, 302])('a status of %d is not retried; it is counted, and logged without the URL', async (status) => {
  const { requests, url } = await startReceiver(status)
  const { dispatcher, dropped, lines } = createDispatcher(webhookNotifier({ url, allowPrivate: true }))
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(5000)
  expect(requests).toHaveLength(1)
  expect(dropped).toEqual(['webhook'])
  const reason = `the server answered with status ${status}`
  expect(lines).toEqual([['warn', 'alert notification dropped', { notifier: 'webhook', rule: 'Slow', reason }]])
  expect(JSON.stringify(lines)).not.toContain('secret-path')
})

test('if the server cannot be reached, the notification is dropped after the last attempt', async () => {
  const { dispatcher, dropped, lines } = createDispatcher(
    webhookNotifier({ url: 'http://127.0.0.1:1/secret-path', allowPrivate: true }),
  )
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(5000)
  expect(dropped).toEqual(['webhook'])
  expect(lines).toMatchObject([['warn', 'alert notification dropped', { reason: 'ECONNREFUSED' }]])
})

test('a server that does not answer fails after the timeout', async () => {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { dispatcher, lines } = createDispatcher(webhookNotifier({ url, timeoutMs: 30, allowPrivate: true }))
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(5000)
  expect(lines).toMatchObject([['warn', 'alert notification dropped', { reason: 'no answer within 30 ms' }]])
})

test.each([
  'http://127.0.0.1:9/',
  'http://localhost:9/',
  'http://[::1]:9/',
  'http://10.1.2.3/',
  'http://192.168.1.1/',
  'http://172.16.0.1/',
  'http://169.254.169.254/latest/meta-data',
  'http://100.64.0.1/',
  'http://[::ffff:127.0.0.1]:9/',
  'http://[fe80::1]/',
  'http://[fd00::1]/',
  'http://0.0.0.0:9/',
])('nothing is posted to %s unless private addresses are allowed', async (url) => {
  const { dispatcher, lines, dropped } = createDispatcher(webhookNotifier({ url }))
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(5000)
  expect(dropped).toEqual(['webhook'])
  expect(lines[0]?.[2]).toMatchObject({ reason: expect.stringMatching(/private, loopback or link-local.*allowPrivate/) })
})

test('invalid options are rejected with every problem, and no text is shown', () => {
  const invalid = { url: 'chat.example/secret-path', timeoutMs: 0, retries: 3 } as unknown as Parameters<
    typeof webhookNotifier
  >[0]
  expect(() => webhookNotifier(invalid)).toThrow(
    new TypeError(
      'webhookNotifier: url must be an http or https URL, { file } or { env }, got text; timeoutMs must be a whole number of milliseconds from 1, got 0; retries: no such option',
    ),
  )
})
