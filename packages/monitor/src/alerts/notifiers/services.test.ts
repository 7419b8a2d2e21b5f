import { expect, test } from 'vitest'
import { createAlert, createDispatcher, toFiring, toResolved } from '../../../test/alerts/alert-fixtures.ts'
import { type ServiceName, startService } from '../../../test/alerts/services.ts'
import type { Alert } from '../manager.ts'
import { createNotifiers } from './create-notifiers.ts'
import { discordNotifier } from './discord.ts'
import type { Notifier } from './notifier.ts'
import { ntfyNotifier } from './ntfy.ts'
import { opsgenieNotifier } from './opsgenie.ts'
import { pagerdutyNotifier } from './pagerduty.ts'
import { slackNotifier } from './slack.ts'
import { teamsNotifier } from './teams.ts'

const key = '0123456789abcdef0123456789abcdef'

const creators: Readonly<Record<ServiceName, (origin: string, allowPrivate?: boolean) => Notifier>> = {
  slack: (origin, allowPrivate = true) => slackNotifier({ url: `${origin}/services/T0/B0/secret`, allowPrivate }),
  discord: (origin, allowPrivate = true) => discordNotifier({ url: `${origin}/api/webhooks/1/secret`, allowPrivate }),
  teams: (origin, allowPrivate = true) =>
    teamsNotifier({ url: `${origin}/workflows/secret/triggers/manual/paths/invoke?sig=secret`, allowPrivate }),
  pagerduty: (origin, allowPrivate = true) =>
    pagerdutyNotifier({ url: `${origin}/v2/enqueue`, routingKey: key, source: 'orders-1', allowPrivate }),
  opsgenie: (origin, allowPrivate = true) => opsgenieNotifier({ url: `${origin}/`, apiKey: key, allowPrivate }),
  ntfy: (origin, allowPrivate = true) => ntfyNotifier({ url: `${origin}/wombat-alerts`, token: 'tk_secret', allowPrivate }),
}
const all = Object.entries(creators) as Array<[ServiceName, (typeof creators)[ServiceName]]>

const runbook_url = 'https://runbooks.example/Slow'
const firing = createAlert('firing', { annotations: { summary: 'orders <is> slow & "late"', runbook_url } })
const resolved = createAlert('resolved', { annotations: { summary: 'orders is fine' } })

/** Alerts at every limit: long texts in every script, and very many of them. */
const extreme = Array.from(
  { length: 3 },
  (_, index): Alert =>
    createAlert('firing', {
      rule: 'R'.repeat(300),
      labels: {
        alertname: 'R'.repeat(300),
        severity: 'emergency',
        store: `${'ключ🦘'.repeat(200)}${index}`,
        more: 'x'.repeat(1024),
      },
      annotations: { summary: `${'🦘é'.repeat(3000)}${index}`, description: 'd'.repeat(20_000), runbook_url: 'not a url' },
    }),
)

async function send(
  name: ServiceName,
  create: (origin: string) => Notifier,
  alerts: readonly Alert[],
  ended: readonly Alert[] = [],
) {
  const service = await startService(name)
  const { dispatcher, count, lines } = createDispatcher(create(service.origin))
  dispatcher.notify(alerts, alerts.map(toFiring), 5000)
  if (ended.length > 0) dispatcher.notify([], ended.map(toResolved), 60_000)
  await dispatcher.close(5000)
  expect(service.problems).toEqual([])
  expect(lines).toEqual([])
  return { ...service, count }
}

test.each(all)('%s accepts a firing alert and its end', async (name, create) => {
  const { accepted, count } = await send(name, create, [firing], [resolved])
  expect(accepted).toHaveLength(2)
  expect(count('sent')).toBe(2)
  expect(JSON.stringify(accepted[0]?.body)).toContain('slow')
})

test.each(all)('%s accepts alerts with texts of any length and script', async (name, create) => {
  const { count } = await send(name, create, extreme)
  expect(count('sent')).toBe(1)
})

test.each(all)('%s accepts a hundred alerts at once', async (name, create) => {
  const alerts = Array.from({ length: 100 }, (_, id) => ({ ...firing, labels: { ...firing.labels, id: `${id}` } }))
  const { count } = await send(name, create, alerts)
  expect(count('sent')).toBe(1)
})

test.each(all)('%s on a private address is an error at the start', (_name, create) => {
  expect(() => create('http://127.0.0.1:9', false)).toThrow(/private, loopback or link-local address/)
  expect(() => create('ftp://files.example')).toThrow(/must be an http or https URL/)
})

test.each(['pagerduty', 'opsgenie'] as const)('%s gets one event for each alert, and the end of the same one', async (name) => {
  const other = { ...firing, labels: { ...firing.labels, store: 'users' } }
  const { accepted } = await send(name, creators[name], [firing, other], [resolved])
  expect(accepted).toHaveLength(3)
  const identity = ({ path, body }: (typeof accepted)[number]) =>
    body.dedup_key ?? body.alias ?? /alerts\/(.*)\/close/.exec(path)?.[1]
  const [one, two, end] = accepted.map(identity)
  expect(end).toBe(one)
  expect(two).not.toBe(one)
})

test('texts for Slack are escaped, and the runbook is a link', async () => {
  const { accepted } = await send('slack', creators.slack, [firing])
  expect(accepted[0]?.body).toMatchObject({
    text: '[FIRING: 1] Slow',
    attachments: [
      { color: '#a30200', blocks: [{ text: { text: expect.stringContaining('orders &lt;is&gt; slow &amp; "late"') } }] },
    ],
  })
  expect(JSON.stringify(accepted)).toContain(`<${runbook_url}|Runbook>`)
})

test('a label in the URL of a runbook ends no link and mentions nobody, and a URL that runs something is no link', async () => {
  const runbook = (url: string) => createAlert('firing', { annotations: { summary: 'slow', runbook_url: url } })
  const { accepted } = await send('slack', creators.slack, [runbook('https://runbooks.example/a|b><!channel>')])
  const text = JSON.stringify(accepted[0]?.body)
  expect(text).toContain('<https://runbooks.example/a%7Cb%3E%3C!channel%3E|Runbook>')
  expect(text).not.toContain('<!channel>')
  for (const name of ['slack', 'discord', 'teams', 'ntfy', 'pagerduty'] as const) {
    const { accepted: others } = await send(name, creators[name], [runbook('javascript:alert(1)')])
    expect(JSON.stringify(others[0]?.body)).not.toContain('javascript:')
  }
})

test('PagerDuty gets the severity, the time and the details', async () => {
  const { accepted } = await send('pagerduty', creators.pagerduty, [firing])
  expect(accepted[0]?.body).toMatchObject({
    routing_key: key,
    payload: {
      source: 'orders-1',
      severity: 'critical',
      timestamp: '1970-01-01T00:00:05.000Z',
      component: 'orders',
      class: 'Slow',
      custom_details: { store: 'orders' },
    },
    links: [{ href: runbook_url, text: 'Runbook' }],
  })
})

test('every service can be set by an option', async () => {
  const options = {
    notifiers: undefined,
    alertmanagerUrl: 'http://127.0.0.1:9093',
    alertWebhookUrl: 'https://hooks.example/a',
    alertWebhookAllowPrivate: false,
    alertSlackUrl: 'https://hooks.slack.com/services/T0/B0/x',
    alertDiscordUrl: 'https://discord.com/api/webhooks/1/x',
    alertTeamsUrl: 'https://x.logic.azure.com/workflows/x',
    alertNtfyUrl: 'https://ntfy.sh/topic',
    alertPagerdutyRoutingKey: key,
    alertOpsgenieApiKey: key,
  }
  const ignore = (): void => {}
  const logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const names = ['log', 'alertmanager', 'webhook', 'slack', 'discord', 'teams', 'ntfy', 'pagerduty', 'opsgenie']
  expect((await createNotifiers(options, logger)).map(({ name }) => name)).toEqual(names)
  await expect(createNotifiers({ ...options, alertSlackUrl: 'http://10.0.0.1/x' }, logger)).rejects.toThrow(
    'alertSlackUrl: slackNotifier: the URL leads to a private, loopback or link-local address: set allowPrivate, or the option alertWebhookAllowPrivate, to allow it',
  )
  const twice = [slackNotifier({ url: 'https://a.example/' })]
  await expect(createNotifiers({ ...options, notifiers: twice }, logger)).rejects.toThrow('two notifiers are called "slack"')
})
