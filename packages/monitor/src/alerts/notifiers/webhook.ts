import { optional } from '../../validation/schema.ts'
import type { Alert } from '../manager.ts'
import { fingerprint } from './fingerprint.ts'
import { type HttpNotifierOptions, httpNotifier } from './http-notifier.ts'
import { type AlertGroup, firedAtMs, type Notifier } from './notifier.ts'
import { type Secret, secretSchema, secretUrlSchema } from './secret.ts'
import { defer } from './stringify.ts'

/** Options of `webhookNotifier`. */
export interface WebhookOptions extends HttpNotifierOptions {
  /** URL to post to. Webhook URLs of chat services are secrets: pass them as a file or an environment variable. */
  readonly url: Secret
  /** Value of the `Authorization` header. */
  readonly authorization?: Secret
}

/**
 * Creates a notifier that posts JSON in the format of Alertmanager's webhooks (version 4).
 *
 * @throws TypeError with every invalid option.
 *
 * @example
 * ```ts
 * import { webhookNotifier } from '@wombat/monitor'
 *
 * const notifier = webhookNotifier({ url: { env: 'ALERT_WEBHOOK_URL' }, repeatMs: 3_600_000 })
 * if (notifier.name !== 'webhook') throw new Error('expected the default name')
 * ```
 */
export function webhookNotifier(options: WebhookOptions): Notifier {
  return httpNotifier(
    {
      creator: 'webhookNotifier',
      name: 'webhook',
      shape: { url: secretUrlSchema, authorization: optional(secretSchema) },
      secrets: ({ url, authorization }: WebhookOptions) => ({ URL: url, authorization }),
      requests: (group, { URL: url = '', authorization }, name) => [
        { url, headers: authorization === undefined ? {} : { authorization }, body: webhookPayload(group, name) },
      ],
    },
    options,
  )
}

/** Returns a notification in the format of Alertmanager's webhooks, version 4. */
function webhookPayload({ rule, firing, resolved }: AlertGroup, receiver: string) {
  const alerts = [...firing, ...resolved]
  return {
    version: '4',
    groupKey: `{}:{alertname="${rule}"}`,
    truncatedAlerts: 0,
    status: firing.length > 0 ? ('firing' as const) : ('resolved' as const),
    receiver,
    groupLabels: { alertname: rule },
    commonLabels: commonEntries(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonEntries(alerts.map(({ annotations }) => annotations)),
    externalURL: '',
    alerts: alerts.map((alert) => defer(() => webhookAlert(alert))),
  }
}

/** Alertmanager's `endsAt` of an alert that still fires: the zero time of Go. */
const noEnd = '0001-01-01T00:00:00Z'

function webhookAlert(alert: Alert) {
  const { labels, annotations, state } = alert
  return {
    status: state.name === 'resolved' ? ('resolved' as const) : ('firing' as const),
    labels,
    annotations,
    startsAt: new Date(firedAtMs(alert)).toISOString(),
    endsAt: state.resolvedAtMs === undefined ? noEnd : new Date(state.resolvedAtMs).toISOString(),
    generatorURL: '',
    fingerprint: fingerprint(alert),
  }
}

/** Returns the entries that are the same in all records. */
function commonEntries(records: ReadonlyArray<Readonly<Record<string, string>>>): Record<string, string> {
  const [first, ...others] = records
  const entries = Object.entries(first ?? {})
  return Object.fromEntries(entries.filter(([key, value]) => others.every((record) => record[key] === value)))
}
