import { optional, text } from '../../validation/schema.ts'
import type { Alert } from '../manager.ts'
import { fingerprint } from './fingerprint.ts'
import { alertSummary, runbookLink, truncate } from './group-message.ts'
import { type HttpNotifierOptions, httpNotifier } from './http-notifier.ts'
import { firedAtMs, type Notifier } from './notifier.ts'
import { type Secret, secretSchema, secretUrlSchema } from './secret.ts'

/** Options of `pagerdutyNotifier`. */
export interface PagerdutyOptions extends HttpNotifierOptions {
  /** The integration key of a service ("Events API v2"). Pass it as a file or an environment variable. */
  readonly routingKey: Secret
  /** URL of the Events API (default `https://events.pagerduty.com/v2/enqueue`; for the EU: `https://events.eu.pagerduty.com/v2/enqueue`). */
  readonly url?: Secret
  /** What the alerts come from (default `wombat`). */
  readonly source?: string
}

const severities: Readonly<Record<string, string>> = {
  emergency: 'critical',
  critical: 'critical',
  warning: 'warning',
  info: 'info',
}

/**
 * Creates a notifier that sends one event for each alert to PagerDuty's Events API v2
 * (https://developer.pagerduty.com/docs/events-api-v2/overview/). A repetition belongs to the same incident.
 *
 * @throws TypeError with every invalid option.
 *
 * @example
 * ```ts
 * import { pagerdutyNotifier } from '@wombat/monitor'
 *
 * const notifier = pagerdutyNotifier({ routingKey: { env: 'PAGERDUTY_ROUTING_KEY' } })
 * if (notifier.name !== 'pagerduty') throw new Error('expected the default name')
 * ```
 */
export function pagerdutyNotifier(options: PagerdutyOptions): Notifier {
  const { source = 'wombat' } = options
  return httpNotifier(
    {
      creator: 'pagerdutyNotifier',
      name: 'pagerduty',
      shape: {
        routingKey: secretSchema,
        url: optional(secretUrlSchema),
        source: optional(text('a name')),
      },
      secrets: ({ url = 'https://events.pagerduty.com/v2/enqueue', routingKey }: PagerdutyOptions) => ({
        URL: url,
        'routing key': routingKey,
      }),
      requests: ({ firing, resolved }, { URL: url = '', 'routing key': routingKey = '' }) => [
        ...firing.map((alert) => ({ url, body: triggerEvent(alert, routingKey, source) })),
        ...resolved.map((alert) => ({
          url,
          body: { routing_key: routingKey, event_action: 'resolve', dedup_key: fingerprint(alert) },
        })),
      ],
    },
    options,
  )
}

function triggerEvent(alert: Alert, routingKey: string, source: string) {
  const { labels, annotations, rule } = alert
  const { runbook_url: _, ...texts } = annotations
  const runbook = runbookLink(alert)
  return {
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: fingerprint(alert),
    payload: {
      summary: truncate(alertSummary(alert), 1024),
      source: truncate(source, 255),
      severity: severities[labels['severity'] ?? ''] ?? 'error',
      timestamp: new Date(firedAtMs(alert)).toISOString(),
      component: labels['store'] ?? 'monitoring',
      class: rule,
      custom_details: { ...labels, ...texts },
    },
    ...(runbook !== undefined && { links: [{ href: runbook, text: 'Runbook' }] }),
  }
}
