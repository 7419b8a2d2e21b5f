import { optional } from '../../validation/schema.ts'
import type { Alert } from '../manager.ts'
import { fingerprint } from './fingerprint.ts'
import { alertSummary, truncate } from './group-message.ts'
import { type HttpNotifierOptions, httpNotifier } from './http-notifier.ts'
import type { Notifier } from './notifier.ts'
import { type Secret, secretSchema, secretUrlSchema } from './secret.ts'

/** Options of `opsgenieNotifier`. */
export interface OpsgenieOptions extends HttpNotifierOptions {
  /** The key of an API integration. Pass it as a file or an environment variable. */
  readonly apiKey: Secret
  /** URL of the API (default `https://api.opsgenie.com`; for the EU: `https://api.eu.opsgenie.com`). */
  readonly url?: Secret
}

const priorities: Readonly<Record<string, string>> = { emergency: 'P1', critical: 'P2', warning: 'P3', info: 'P5' }

/**
 * Creates a notifier that creates one alert in Opsgenie for each alert, and closes it when it is resolved
 * (https://docs.opsgenie.com/docs/alert-api). A repetition counts for the same alert.
 *
 * @throws TypeError with every invalid option.
 *
 * @example
 * ```ts
 * import { opsgenieNotifier } from '@wombat/monitor'
 *
 * const notifier = opsgenieNotifier({ apiKey: { env: 'OPSGENIE_API_KEY' } })
 * if (notifier.name !== 'opsgenie') throw new Error('expected the default name')
 * ```
 */
export function opsgenieNotifier(options: OpsgenieOptions): Notifier {
  return httpNotifier(
    {
      creator: 'opsgenieNotifier',
      name: 'opsgenie',
      shape: { apiKey: secretSchema, url: optional(secretUrlSchema) },
      secrets: ({ url = 'https://api.opsgenie.com', apiKey }: OpsgenieOptions) => ({ URL: url, 'API key': apiKey }),
      requests: ({ firing, resolved }, { URL: url = '', 'API key': apiKey = '' }) => {
        const alerts = `${url.replace(/\/+$/, '')}/v2/alerts`
        const headers = { authorization: `GenieKey ${apiKey}` }
        return [
          ...firing.map((alert) => ({ url: alerts, headers, body: createRequest(alert) })),
          ...resolved.map((alert) => ({
            url: `${alerts}/${fingerprint(alert)}/close?identifierType=alias`,
            headers,
            body: { source: 'wombat', note: 'resolved' },
          })),
        ]
      },
    },
    options,
  )
}

function createRequest(alert: Alert) {
  const { labels, annotations, rule } = alert
  const texts = Object.entries(annotations).map(([key, text]) => `${key}: ${text}`)
  return {
    message: truncate(alertSummary(alert), 130),
    alias: fingerprint(alert),
    description: truncate(texts.join('\n'), 15_000),
    details: Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, truncate(value, 200)])),
    entity: truncate(labels['store'] ?? rule, 512),
    source: 'wombat',
    priority: priorities[labels['severity'] ?? ''] ?? 'P3',
    tags: [truncate(rule, 50)],
  }
}
