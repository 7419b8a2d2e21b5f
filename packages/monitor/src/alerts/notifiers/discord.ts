import { describeGroup, severityColor, truncate } from './group-message.ts'
import { type HttpNotifierOptions, httpNotifier } from './http-notifier.ts'
import type { Notifier } from './notifier.ts'
import { type Secret, secretUrlSchema } from './secret.ts'

/** Options of `discordNotifier`. */
export interface DiscordOptions extends HttpNotifierOptions {
  /** URL of a webhook of a channel. It is a secret: pass it as a file or an environment variable. */
  readonly url: Secret
}

/**
 * Creates a notifier that posts to a Discord channel through a webhook
 * (https://discord.com/developers/docs/resources/webhook#execute-webhook). Its messages mention no one.
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
        const { title, lines, severity, link } = describeGroup(group)
        const embed = {
          title: truncate(title, 256),
          description: truncate(lines.join('\n'), 4096),
          color: severityColor(severity),
          timestamp: new Date(group.atMs).toISOString(),
          ...(link !== undefined && { url: link }),
        }
        return [{ url, body: { embeds: [embed], allowed_mentions: { parse: [] } } }]
      },
    },
    options,
  )
}
