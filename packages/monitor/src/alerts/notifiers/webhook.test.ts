import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createAlert, createDispatcher, startReceiver, toFiring, toResolved } from '../../../test/alerts/alert-fixtures.ts'
import { parseRetryAfter } from '../../http-post.ts'
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
  const { dispatcher, count } = createDispatcher(webhookNotifier({ url, allowPrivate: true }))
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await vi.waitFor(() => expect(requests).toHaveLength(3), 5000)
  await dispatcher.close(5000)
  expect([count('sent'), count('dropped')]).toEqual([1, 0])
})

test.each([408, 425, 429, 503])(
  'after a status of %d the notification is posted again, after the delay in Retry-After',
  async (status) => {
    const { requests, url } = await startReceiver({ 'retry-after': '1' }, status, 200)
    const { dispatcher, count } = createDispatcher(webhookNotifier({ url, allowPrivate: true }))
    const startMs = performance.now()
    dispatcher.notify([firing], [toFiring(firing)], 0)
    await vi.waitFor(() => expect(count('sent')).toBe(1), 5000)
    expect(performance.now() - startMs).toBeGreaterThan(950)
    expect(requests).toHaveLength(2)
    await dispatcher.close(1000)
  },
)

test.each([
  ['120', 120_000],
  [' 0 ', 0],
  ['Wed, 21 Oct 2026 07:28:30 GMT', 30_000],
  ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
  ['86400', 3_600_000],
  ['soon', undefined],
  ['-5', undefined],
  ['', undefined],
  [undefined, undefined],
])('Retry-After: %s', (text, delayMs) => {
  expect(parseRetryAfter(text, Date.parse('2026-10-21T07:28:00Z'))).toBe(delayMs)
})

test.each([400, 404, 302])('a status of %d is not retried; it is counted, and logged without the URL', async (status) => {
  const { requests, url } = await startReceiver(status)
  const { dispatcher, count, lines } = createDispatcher(webhookNotifier({ url, allowPrivate: true }))
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(5000)
  expect(requests).toHaveLength(1)
  expect(count('dropped')).toBe(1)
  const reason = `the server answered with status ${status}`
  expect(lines).toEqual([['warn', 'alert notification dropped', { notifier: 'webhook', rule: 'Slow', reason }]])
  expect(JSON.stringify(lines)).not.toContain('secret-path')
})

test('if the server cannot be reached, the notification stays owed, and the reason is logged without the URL', async () => {
  const { dispatcher, count, lines } = createDispatcher(
    webhookNotifier({ url: 'http://127.0.0.1:1/secret-path', allowPrivate: true }),
  )
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(5000, true)
  expect(count('dropped')).toBe(0)
  expect(lines[0]).toMatchObject(['warn', expect.stringContaining('kept and tried again'), { reason: 'ECONNREFUSED' }])
  expect(JSON.stringify(lines)).not.toContain('secret-path')
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
  expect(lines[0]).toMatchObject(['warn', expect.any(String), { reason: 'no answer within 30 ms' }])
})

test('a server that drips its answer fails after the timeout, and is posted to again', async () => {
  const server = createServer((_, response) => {
    response.writeHead(200)
    const timer = setInterval(() => response.write('x'), 5)
    response.on('close', () => clearInterval(timer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { dispatcher, lines, count } = createDispatcher(webhookNotifier({ url, timeoutMs: 60, allowPrivate: true }))
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await vi.waitFor(() => expect(count('failed')).toBeGreaterThan(1))
  expect(lines[0]?.[2]).toMatchObject({ reason: 'the answer was not complete after 60 ms' })
  await dispatcher.close(1000)
  await vi.waitFor(async () => {
    expect(await new Promise((resolve) => server.getConnections((_, open) => resolve(open)))).toBe(0)
  })
})

test.each([
  'http://127.0.0.1:9/',
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
])('a webhook at %s is an error at the start unless private addresses are allowed', (url) => {
  const message = /^webhookNotifier: the URL leads to a private, loopback or link-local address: set allowPrivate, or the option/
  expect(() => webhookNotifier({ url })).toThrow(message)
  vi.stubEnv('TEST_WEBHOOK', url)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  expect(() => webhookNotifier({ url: { env: 'TEST_WEBHOOK' } })).toThrow(message)
  expect(webhookNotifier({ url, allowPrivate: true }).name).toBe('webhook')
})

test('a name that leads to this machine is found when it is used: nothing is posted, and it is tried again', async () => {
  const { dispatcher, lines, count } = createDispatcher(webhookNotifier({ url: 'http://localhost:9/' }))
  dispatcher.notify([firing], [toFiring(firing)], 0)
  await dispatcher.close(1000, true)
  expect(count('dropped')).toBe(0)
  expect(lines[0]?.[2]).toMatchObject({
    reason: expect.stringMatching(/private, loopback or link-local.*alertWebhookAllowPrivate/),
  })
})

test('a secret that is no URL is an error at the start, without its text', () => {
  vi.stubEnv('TEST_WEBHOOK', 'ftp://secret')
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  expect(() => webhookNotifier({ url: { env: 'TEST_WEBHOOK' } })).toThrow(
    new TypeError('webhookNotifier: the URL must be an http or https URL, and it is not'),
  )
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
