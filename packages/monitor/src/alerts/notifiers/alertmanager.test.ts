import { expect, test } from 'vitest'
import { createAlert, startReceiver } from '../../../test/alerts/alert-fixtures.ts'
import { alertmanagerAlerts, alertmanagerNotifier } from './alertmanager.ts'

const group = { rule: 'Slow', atMs: 10_000, firing: [createAlert('firing')], resolved: [createAlert('resolved')] }

test('a firing alert ends four intervals after it was last sent', () => {
  expect(JSON.parse(JSON.stringify(alertmanagerAlerts(group, 60_000)))).toMatchObject([
    { labels: { alertname: 'Slow' }, startsAt: '1970-01-01T00:00:05.000Z', endsAt: '1970-01-01T00:04:10.000Z' },
    { startsAt: '1970-01-01T00:00:05.000Z', endsAt: '1970-01-01T00:01:00.000Z' },
  ])
})

test('alerts are posted to a private address, with the authorization', async () => {
  const { requests, url } = await startReceiver(200)
  const notifier = alertmanagerNotifier({ url: `${url}/`, authorization: 'Bearer token' })
  await notifier.send(group, AbortSignal.timeout(5000))
  expect(requests).toMatchObject([{ headers: { authorization: 'Bearer token' }, body: [{ labels: { alertname: 'Slow' } }, {}] }])
})

test('an option of another notifier is rejected', () => {
  const invalid = { url: 'http://127.0.0.1:9093', sendResolved: false } as unknown as Parameters<typeof alertmanagerNotifier>[0]
  expect(() => alertmanagerNotifier(invalid)).toThrow(new TypeError('alertmanagerNotifier: sendResolved: no such option'))
})
