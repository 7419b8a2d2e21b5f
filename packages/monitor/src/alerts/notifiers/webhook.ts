import { createHash } from 'node:crypto'
import { seriesKey } from '@wombat/instrumentation/internal'
import { z } from 'zod'
import type { Alert } from '../manager.ts'
import {
  type AlertGroup,
  defaultRepeatMs,
  defaultTimeoutMs,
  firedAtMs,
  millisecondsSchema,
  type Notifier,
  type NotifierOptions,
  notifierShape,
  validateOptions,
} from './notifier.ts'
import { postJson } from './post-json.ts'
import { readSecret, type Secret, secretSchema, secretUrlSchema } from './secret.ts'

/** Options of `webhookNotifier`. */
export interface WebhookOptions extends NotifierOptions {
  /** URL to post to. Webhook URLs of chat services are secrets: pass them as a file or an environment variable. */
  readonly url: Secret
  /** Value of the `Authorization` header. */
  readonly authorization?: Secret
  /** Time limit of one attempt, in milliseconds (default 10,000). */
  readonly timeoutMs?: number
  /** Whether the URL may lead to a private, loopback or link-local address (default false). */
  readonly allowPrivate?: boolean
}

const shape = {
  ...notifierShape,
  url: secretUrlSchema,
  authorization: secretSchema.optional(),
  timeoutMs: millisecondsSchema.optional(),
  allowPrivate: z.boolean().describe('true or false').optional(),
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
  validateOptions('webhookNotifier', shape, options)
  const {
    name = 'webhook',
    repeatMs = defaultRepeatMs,
    sendResolved = true,
    timeoutMs = defaultTimeoutMs,
    allowPrivate = false,
  } = options
  return {
    name,
    repeatMs,
    sendResolved,
    async send(group, signal) {
      const url = await readSecret(options.url, 'the URL of the webhook')
      const authorization = options.authorization && (await readSecret(options.authorization, 'the authorization of the webhook'))
      const headers = authorization === undefined ? {} : { authorization }
      await postJson(url, webhookPayload(group, name), { headers, allowPrivate, timeoutMs, signal })
    },
  }
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
    alerts: alerts.map(webhookAlert),
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

/** Returns an identifier that is the same for the same labels in every process. */
function fingerprint({ labels }: Alert): string {
  return createHash('sha256').update(seriesKey(labels)).digest('hex').slice(0, 16)
}

/** Returns the entries that are the same in all records. */
function commonEntries(records: ReadonlyArray<Readonly<Record<string, string>>>): Record<string, string> {
  const [first, ...others] = records
  const entries = Object.entries(first ?? {})
  return Object.fromEntries(entries.filter(([key, value]) => others.every((record) => record[key] === value)))
}
