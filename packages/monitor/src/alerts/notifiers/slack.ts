import { describeGroup, severityColor, truncate } from './group-message.ts'
import { type HttpNotifierOptions, httpNotifier } from './http-notifier.ts'
import type { Notifier } from './notifier.ts'
import { type Secret, secretUrlSchema } from './secret.ts'

/** Options of `slackNotifier`. */
export interface SlackOptions extends HttpNotifierOptions {
  /** URL of an incoming webhook. It is a secret: pass it as a file or an environment variable. */
  readonly url: Secret
}

/**
 * Creates a notifier that posts to a Slack channel through an incoming webhook
 * (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
 *
 * @throws TypeError with every invalid option.
 *
 * @example
 * ```ts
 * import { slackNotifier } from '@wombat/monitor'
 *
 * const notifier = slackNotifier({ url: { env: 'SLACK_WEBHOOK_URL' } })
 * if (notifier.name !== 'slack') throw new Error('expected the default name')
 * ```
 */
export function slackNotifier(options: SlackOptions): Notifier {
  return httpNotifier(
    {
      creator: 'slackNotifier',
      name: 'slack',
      shape: { url: secretUrlSchema },
      secrets: ({ url }: SlackOptions) => ({ URL: url }),
      requests: (group, { URL: url = '' }) => {
        const { title, lines, severity, link } = describeGroup(group)
        const text = [...lines.map(escapeText), ...(link === undefined ? [] : [`<${link}|Runbook>`])].join('\n')
        const attachment = {
          color: `#${severityColor(severity).toString(16)}`,
          fallback: truncate(title, 3000),
          blocks: [{ type: 'section', text: { type: 'mrkdwn', text: truncate(text, 3000) } }],
        }
        return [{ url, body: { text: truncate(escapeText(title), 3000), attachments: [attachment] } }]
      },
    },
    options,
  )
}

/** Slack's control characters. */
function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
