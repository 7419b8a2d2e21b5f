import { optional } from '../../validation/schema.ts'
import { describeGroup, truncate } from './group-message.ts'
import { type HttpNotifierOptions, httpNotifier } from './http-notifier.ts'
import type { Notifier } from './notifier.ts'
import { type Secret, secretSchema, secretUrlSchema } from './secret.ts'

/** Options of `ntfyNotifier`. */
export interface NtfyOptions extends HttpNotifierOptions {
  /** URL of the topic, such as `https://ntfy.sh/my-topic`. Who knows it can read it: pass it as a file or an environment variable. */
  readonly url: Secret
  /** An access token, if the topic is protected. */
  readonly token?: Secret
}

const priorities: Readonly<Record<string, number>> = { emergency: 5, critical: 5, warning: 4, info: 3 }

/**
 * Creates a notifier that publishes to a topic of ntfy (https://docs.ntfy.sh/publish/#publish-as-json).
 *
 * @throws TypeError with every invalid option.
 *
 * @example
 * ```ts
 * import { ntfyNotifier } from '@wombat/monitor'
 *
 * const notifier = ntfyNotifier({ url: { env: 'NTFY_URL' } })
 * if (notifier.name !== 'ntfy') throw new Error('expected the default name')
 * ```
 */
export function ntfyNotifier(options: NtfyOptions): Notifier {
  return httpNotifier(
    {
      creator: 'ntfyNotifier',
      name: 'ntfy',
      shape: { url: secretUrlSchema, token: optional(secretSchema) },
      secrets: ({ url, token }: NtfyOptions) => ({ URL: url, token }),
      requests: (group, { URL: url = '', token }) => {
        const path = url.replace(/\/+$/, '')
        const { title, lines, severity, link } = describeGroup(group)
        const body = {
          topic: decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)),
          title: truncate(title, 250),
          message: truncate(lines.join('\n'), 1300),
          priority: severity === undefined ? 2 : (priorities[severity] ?? 3),
          tags: [severity === undefined ? 'white_check_mark' : 'rotating_light'],
          ...(link !== undefined && { click: link }),
        }
        const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
        return [{ url: path.slice(0, path.lastIndexOf('/') + 1), headers, body }]
      },
    },
    options,
  )
}
