import {
  groupLines,
  groupSeverity,
  groupTitle,
  type HttpNotifierOptions,
  httpNotifier,
  runbookUrl,
  truncate,
} from './http-notifier.ts'
import type { Notifier } from './notifier.ts'
import { type Secret, secretUrlSchema } from './secret.ts'

/** Options of `discordNotifier`. */
export interface DiscordOptions extends HttpNotifierOptions {
  /** URL of a webhook of a channel. It is a secret: pass it as a file or an environment variable. */
  readonly url: Secret
}

const colors: Readonly<Record<string, number>> = { emergency: 0xa30200, critical: 0xa30200, warning: 0xdaa038, info: 0x439fe0 }
const resolvedColor = 0x2eb886

/**
 * Creates a notifier that posts to a Discord channel through a webhook
 * (https://discord.com/developers/docs/resources/webhook#execute-webhook). It mentions nobody.
 *
 * @throws TypeError with every invalid option.
 *
 * @example
 * ```ts
 * import { discordNotifier } from '@wombat/monitor'
 *
 * const notifier = discordNotifier({ url: { env: 'DISCORD_WEBHOOK_URL' } })
 * if (notifier.name !== 'discord') throw new Error('expected the default name')
 * ```
 */
export function discordNotifier(options: DiscordOptions): Notifier {
  return httpNotifier(
    {
      creator: 'discordNotifier',
      name: 'discord',
      shape: { url: secretUrlSchema },
      secrets: ({ url }: DiscordOptions) => ({ URL: url }),
      requests: (group, { URL: url = '' }) => {
        const link = runbookUrl(group)
        const embed = {
          title: truncate(groupTitle(group), 256),
          description: truncate(groupLines(group).join('\n'), 4096),
          color: colors[groupSeverity(group) ?? ''] ?? resolvedColor,
          timestamp: new Date(group.atMs).toISOString(),
          ...(link !== undefined && { url: link }),
        }
        return [{ url, body: { embeds: [embed], allowed_mentions: { parse: [] } } }]
      },
    },
    options,
  )
}
