import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Logger } from '../logger.ts'
import { Dispatcher } from './dispatcher.ts'
import type { Alert, Transition } from './manager.ts'
import { alertmanagerAlerts } from './notifiers/alertmanager.ts'
import { logNotifier } from './notifiers/log.ts'
import { type WebhookOptions, webhookNotifier } from './notifiers/webhook.ts'

const second = 1000

function alert(name: 'firing' | 'resolved', over: Partial<Alert> = {}): Alert {
  const state = { name, activeAtMs: 0, firedAtMs: 5 * second, ...(name === 'resolved' && { resolvedAtMs: 60 * second }) }
  const labels = { alertname: 'Slow', severity: 'critical', store: 'orders' }
  return { rule: 'Slow', labels, annotations: { summary: 'orders is slow' }, value: 1, state, ...over }
}

const fires = (one: Alert): Transition => ({ atMs: 0, from: 'pending', to: 'firing', alert: one })
const resolves = (one: Alert): Transition => ({ atMs: 0, from: 'firing', to: 'resolved', alert: one })

/** A logger that keeps its lines. */
function lines(): { logger: Logger; said: Array<[level: string, message: string, fields: object]> } {
  const said: Array<[string, string, object]> = []
  const at = (level: string) => (fields: object, message: string) => void said.push([level, message, fields])
  return { logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }, said }
}

/** A real receiver on loopback that answers with these statuses in turn, the last one for ever. */
async function receiver(...statuses: number[]) {
  const got: Array<{ body: ReturnType<typeof JSON.parse>; headers: IncomingMessage['headers'] }> = []
  let asked = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      got.push({ body: JSON.parse(Buffer.concat(chunks).toString()), headers: request.headers })
      const status = statuses[Math.min(asked++, statuses.length - 1)] ?? 200
      response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { got, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/secret-path` }
}

function dispatcher(options: WebhookOptions, dropped: string[] = [], queueLimit = 100) {
  const { logger, said } = lines()
  const notifier = webhookNotifier({ allowPrivate: true, ...options })
  const made = new Dispatcher([notifier], logger, {
    backoffMs: 5,
    maxAttempts: 3,
    queueLimit,
    onDropped: (name) => dropped.push(name),
  })
  return { made, said, dropped }
}

test('a firing alert and its resolution are posted as Alertmanager posts them', async () => {
  const { got, url } = await receiver(200)
  const { made } = dispatcher({ url, authorization: 'Bearer token' })
  made.notify([alert('firing')], [fires(alert('firing'))], 5 * second)
  made.notify([alert('resolved')], [resolves(alert('resolved'))], 60 * second)
  await made.close(5000)
  expect(got.map(({ body }) => body.status)).toEqual(['firing', 'resolved'])
  expect(got[0]?.headers).toMatchObject({ 'content-type': 'application/json', authorization: 'Bearer token' })
  expect(got[0]?.body).toMatchObject({
    version: '4',
    receiver: 'webhook',
    truncatedAlerts: 0,
    groupLabels: { alertname: 'Slow' },
    commonLabels: { alertname: 'Slow', severity: 'critical', store: 'orders' },
    commonAnnotations: { summary: 'orders is slow' },
    alerts: [{ status: 'firing', startsAt: '1970-01-01T00:00:05.000Z', endsAt: '0001-01-01T00:00:00Z' }],
  })
  expect(got[1]?.body.alerts).toMatchObject([{ status: 'resolved', endsAt: '1970-01-01T00:01:00.000Z' }])
  expect(got[0]?.body.alerts[0].fingerprint).toBe(got[1]?.body.alerts[0].fingerprint)
})

test('what goes on firing is told again after the repeat interval, and not before', async () => {
  const { got, url } = await receiver(200)
  const { made } = dispatcher({ url, repeatMs: 60 * second })
  const one = alert('firing')
  made.notify([one], [fires(one)], 0)
  for (const atMs of [20, 40, 59, 60, 80, 119, 120]) made.notify([one], [], atMs * second)
  await made.close(5000)
  expect(got).toHaveLength(3)
})

test('pending alerts and those that were only waiting are told to nobody', async () => {
  const { got, url } = await receiver(200)
  const { made } = dispatcher({ url })
  const waiting = { ...alert('firing'), state: { name: 'pending' as const, activeAtMs: 0 } }
  made.notify([waiting], [{ atMs: 0, from: 'inactive', to: 'pending', alert: waiting }], 0)
  made.notify([], [{ atMs: 0, from: 'pending', to: 'inactive', alert: waiting }], 0)
  await made.close(5000)
  expect(got).toEqual([])
})

test('without resolutions, the end of an alert is not told', async () => {
  const { got, url } = await receiver(200)
  const { made } = dispatcher({ url, sendResolved: false })
  made.notify([alert('resolved')], [resolves(alert('resolved'))], 0)
  await made.close(5000)
  expect(got).toEqual([])
})

test('a 5xx is tried again, and what then is taken is not told twice', async () => {
  const { got, url } = await receiver(503, 500, 200)
  const { made, dropped } = dispatcher({ url })
  made.notify([alert('firing')], [fires(alert('firing'))], 0)
  await made.close(5000)
  expect(got).toHaveLength(3)
  expect(dropped).toEqual([])
})

test.each([400, 404, 302])('a %d is not tried again; it is counted, and said without the address', async (status) => {
  const { got, url } = await receiver(status)
  const { made, dropped, said } = dispatcher({ url })
  made.notify([alert('firing')], [fires(alert('firing'))], 0)
  await made.close(5000)
  expect(got).toHaveLength(1)
  expect(dropped).toEqual(['webhook'])
  expect(said).toEqual([
    ['warn', 'a notification could not be sent', { notifier: 'webhook', rule: 'Slow', reason: `it answered ${status}` }],
  ])
  expect(JSON.stringify(said)).not.toContain('secret-path')
})

test('a server that is not there is tried as often as allowed and then given up', async () => {
  const { url } = await receiver(200)
  const { made, dropped, said } = dispatcher({ url: url.replace(/:\d+/, ':1') })
  made.notify([alert('firing')], [fires(alert('firing'))], 0)
  await made.close(5000)
  expect(dropped).toEqual(['webhook'])
  expect(said).toMatchObject([['warn', 'a notification could not be sent', { reason: 'ECONNREFUSED' }]])
})

test('of an error that is not ours only its kind is said: its message may hold an address', async () => {
  const { logger, said } = lines()
  const failed = new TypeError('cannot post to https://chat/secret-path')
  const notifier = { name: 'own', repeatMs: 1, sendResolved: true, send: () => Promise.reject(failed) }
  const made = new Dispatcher([notifier], logger, { backoffMs: 1, maxAttempts: 2 })
  made.notify([alert('firing')], [fires(alert('firing'))], 0)
  await made.close(5000)
  expect(said).toMatchObject([['warn', 'a notification could not be sent', { notifier: 'own', reason: 'TypeError' }]])
})

test('a server that never answers costs its time-out and no more', async () => {
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const { made, said } = dispatcher({ url, timeoutMs: 30 })
  made.notify([alert('firing')], [fires(alert('firing'))], 0)
  await made.close(5000)
  expect(said).toMatchObject([['warn', 'a notification could not be sent', { reason: 'no answer within 30 ms' }]])
})

test('the queue is bounded: the oldest that wait are dropped and counted', async () => {
  const { url } = await receiver(503)
  const { made, dropped } = dispatcher({ url }, [], 2)
  for (let rule = 0; rule < 10; rule++) {
    const one = alert('firing', { rule: `Rule${rule}` })
    made.notify([one], [fires(one)], 0)
  }
  await made.close(5000)
  expect(dropped).toHaveLength(10)
})

test('closing does not wait longer than it is told', async () => {
  const { url } = await receiver(503)
  const { logger } = lines()
  const made = new Dispatcher([webhookNotifier({ url, allowPrivate: true })], logger, { backoffMs: 60_000 })
  made.notify([alert('firing')], [fires(alert('firing'))], 0)
  await sleep(50)
  await made.close(50)
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
])('a webhook does not go to %s unless that is allowed', async (url) => {
  const { made, said, dropped } = dispatcher({ url, allowPrivate: false })
  made.notify([alert('firing')], [fires(alert('firing'))], 0)
  await made.close(5000)
  expect(dropped).toEqual(['webhook'])
  expect(said[0]?.[2]).toMatchObject({ reason: expect.stringMatching(/private, loopback or link-local.*allowPrivate/) })
})

test('an alert for Alertmanager ends by itself when nobody repeats it', () => {
  const group = { rule: 'Slow', atMs: 10 * second, firing: [alert('firing')], resolved: [alert('resolved')] }
  expect(alertmanagerAlerts(group, 60 * second)).toMatchObject([
    { labels: { alertname: 'Slow' }, startsAt: '1970-01-01T00:00:05.000Z', endsAt: '1970-01-01T00:04:10.000Z' },
    { startsAt: '1970-01-01T00:00:05.000Z', endsAt: '1970-01-01T00:01:00.000Z' },
  ])
})

test('the log says what fires, by severity, and what was resolved', async () => {
  const { logger, said } = lines()
  const made = new Dispatcher([logNotifier(logger)], logger)
  const mild = alert('firing', { rule: 'Mild', labels: { alertname: 'Mild', severity: 'warning' } })
  made.notify([alert('firing'), mild], [fires(alert('firing')), fires(mild)], 0)
  made.notify([alert('resolved')], [resolves(alert('resolved'))], second)
  await made.close(1000)
  expect(said.map(([level, message]) => [level, message])).toEqual([
    ['error', 'alert firing: orders is slow'],
    ['warn', 'alert firing: orders is slow'],
    ['info', 'alert resolved: Slow'],
  ])
})
