import { optional } from '../../validation/schema.ts'
import type { Alert } from '../manager.ts'
import {
  type AlertGroup,
  defaultTimeoutMs,
  firedAtMs,
  millisecondsSchema,
  type Notifier,
  notifierShape,
  validateOptions,
} from './notifier.ts'
import { postJson } from './post-json.ts'
import { readSecret, type Secret, secretSchema, secretUrlSchema } from './secret.ts'
import { defer } from './stringify.ts'

/** Options of `alertmanagerNotifier`. */
export interface AlertmanagerOptions {
  /** URL of Alertmanager without a path, such as `http://127.0.0.1:9093`. Private addresses are allowed. */
  readonly url: Secret
  /** Value of the `Authorization` header. */
  readonly authorization?: Secret
  /** Name in logs and in metrics (default `alertmanager`). */
  readonly name?: string
  /** How often firing alerts are sent again, in milliseconds (default 60,000). */
  readonly repeatMs?: number
  /** Time limit of one attempt, from its start to the last byte of the answer, in milliseconds (default 10,000). */
  readonly timeoutMs?: number
}

const shape = {
  url: secretUrlSchema,
  authorization: optional(secretSchema),
  name: notifierShape.name,
  repeatMs: notifierShape.repeatMs,
  timeoutMs: optional(millisecondsSchema),
}

/** An alert that is not repeated for this many intervals resolves in Alertmanager. Prometheus uses 4 as well. */
const validIntervals = 4

/**
 * Creates a notifier that sends alerts to Alertmanager, which groups, routes and silences them.
 *
 * @throws TypeError with every invalid option.
 *
 * @example
 * ```ts
 * import { alertmanagerNotifier } from '@wombat/monitor'
 *
 * const notifier = alertmanagerNotifier({ url: 'http://127.0.0.1:9093' })
 * if (notifier.repeatMs !== 60_000) throw new Error('expected the default interval')
 * ```
 */
export function alertmanagerNotifier(options: AlertmanagerOptions): Notifier {
  validateOptions('alertmanagerNotifier', shape, options)
  const { name = 'alertmanager', repeatMs = 60_000, timeoutMs = defaultTimeoutMs } = options
  return {
    name,
    repeatMs,
    sendResolved: true,
    async send(group, signal) {
      const url = await readSecret(options.url, 'the URL of Alertmanager')
      const authorization =
        options.authorization && (await readSecret(options.authorization, 'the authorization for Alertmanager'))
      const headers = authorization === undefined ? {} : { authorization }
      const address = `${url.replace(/\/+$/, '')}/api/v2/alerts`
      await postJson(address, alertmanagerAlerts(group, repeatMs), { headers, allowPrivate: true, timeoutMs, signal })
    },
  }
}

/** Returns the body of Alertmanager's `POST /api/v2/alerts`. */
export function alertmanagerAlerts({ atMs, firing, resolved }: AlertGroup, repeatMs: number) {
  const toPayload = (alert: Alert, endsAtMs: number) =>
    defer(() => ({
      labels: alert.labels,
      annotations: alert.annotations,
      startsAt: new Date(firedAtMs(alert)).toISOString(),
      endsAt: new Date(endsAtMs).toISOString(),
    }))
  return [
    ...firing.map((alert) => toPayload(alert, atMs + validIntervals * repeatMs)),
    ...resolved.map((alert) => toPayload(alert, alert.state.resolvedAtMs ?? atMs)),
  ]
}
