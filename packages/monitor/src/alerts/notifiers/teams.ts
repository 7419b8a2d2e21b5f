import { describeGroup, truncate } from './group-message.ts'
import { type HttpNotifierOptions, httpNotifier } from './http-notifier.ts'
import type { Notifier } from './notifier.ts'
import { type Secret, secretUrlSchema } from './secret.ts'

/** Options of `teamsNotifier`. */
export interface TeamsOptions extends HttpNotifierOptions {
  /** URL of a workflow that posts to a channel when it receives a request. It is a secret: pass it as a file or a variable. */
  readonly url: Secret
}

/** A message of Teams has at most 28 KB. */
const maxTextLength = 8000

/**
 * Creates a notifier that posts an Adaptive Card to Microsoft Teams through a workflow ("When a Teams webhook request is received";
 * https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using).
 *
 * @throws TypeError with every invalid option.
 *
 * @example
 * ```ts
 * import { teamsNotifier } from '@wombat/monitor'
 *
 * const notifier = teamsNotifier({ url: { env: 'TEAMS_WEBHOOK_URL' } })
 * if (notifier.name !== 'teams') throw new Error('expected the default name')
 * ```
 */
export function teamsNotifier(options: TeamsOptions): Notifier {
  return httpNotifier(
    {
      creator: 'teamsNotifier',
      name: 'teams',
      shape: { url: secretUrlSchema },
      secrets: ({ url }: TeamsOptions) => ({ URL: url }),
      requests: (group, { URL: url = '' }) => {
        const { title, lines, severity, link } = describeGroup(group)
        const heading = {
          type: 'TextBlock',
          text: title,
          weight: 'Bolder',
          size: 'Large',
          wrap: true,
          color: cardColor(severity),
        }
        const text = truncate(lines.join('\n\n'), maxTextLength)
        const content = {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [heading, { type: 'TextBlock', text, wrap: true }],
          ...(link !== undefined && { actions: [{ type: 'Action.OpenUrl', title: 'Runbook', url: link }] }),
        }
        const attachment = { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content }
        return [{ url, body: { type: 'message', attachments: [attachment] } }]
      },
    },
    options,
  )
}

function cardColor(severity: string | undefined): string {
  if (severity === undefined) return 'Good'
  if (severity === 'info') return 'Accent'
  return severity === 'warning' ? 'Warning' : 'Attention'
}
