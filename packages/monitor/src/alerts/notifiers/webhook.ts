import type { Alert } from '../manager.ts'
import { webhookAlert } from './alert-fields.ts'
import type { AlertGroup, Notifier } from './notifier.ts'
import { postJson } from './post-json.ts'
import { reveal, type Secret } from './secret.ts'

export interface WebhookOptions {
  /** Where to post. The address of a chat is a secret: give it as a file or a variable. */
  readonly url: Secret
  /** The value of the Authorization header. */
  readonly authorization?: Secret
  readonly name?: string
  /** How often what still fires is told again (default 4 hours). */
  readonly repeatMs?: number
  readonly sendResolved?: boolean
  /** How long one try may take (default 10 s). */
  readonly timeoutMs?: number
  /** Whether addresses of this machine and of private networks may be asked (default no). */
  readonly allowPrivate?: boolean
}

/** The payload of Alertmanager's webhooks, version 4: whatever receives those receives this. */
export function webhookPayload({ rule, firing, resolved }: AlertGroup, receiver: string) {
  const alerts = [...firing, ...resolved]
  return {
    version: '4',
    groupKey: `{}:{alertname="${rule}"}`,
    truncatedAlerts: 0,
    status: firing.length > 0 ? ('firing' as const) : ('resolved' as const),
    receiver,
    groupLabels: { alertname: rule },
    commonLabels: common(alerts, 'labels'),
    commonAnnotations: common(alerts, 'annotations'),
    externalURL: '',
    alerts: alerts.map(webhookAlert),
  }
}

export function webhookNotifier(options: WebhookOptions): Notifier {
  const { name = 'webhook', repeatMs = 4 * 3_600_000, sendResolved = true, timeoutMs = 10_000, allowPrivate = false } = options
  return {
    name,
    repeatMs,
    sendResolved,
    async send(group, signal) {
      const url = await reveal(options.url, 'the address of the webhook')
      const authorization = options.authorization && (await reveal(options.authorization, 'the authorization of the webhook'))
      const headers = authorization === undefined ? {} : { authorization }
      await postJson(url, webhookPayload(group, name), { headers, allowPrivate, timeoutMs, signal })
    },
  }
}

/** What all alerts have the same. */
function common(alerts: readonly Alert[], field: 'labels' | 'annotations'): Record<string, string> {
  const [first, ...rest] = alerts
  const entries = Object.entries(first?.[field] ?? {})
  return Object.fromEntries(entries.filter(([key, value]) => rest.every((alert) => alert[field][key] === value)))
}
