import { errorMessage } from '../../validation/error-message.ts'
import { alertmanagerNotifier } from './alertmanager.ts'
import type { ServiceOption } from './create-notifiers.ts'
import { discordNotifier } from './discord.ts'
import type { Notifier } from './notifier.ts'
import { ntfyNotifier } from './ntfy.ts'
import { opsgenieNotifier } from './opsgenie.ts'
import { pagerdutyNotifier } from './pagerduty.ts'
import { slackNotifier } from './slack.ts'
import { teamsNotifier } from './teams.ts'
import { webhookNotifier } from './webhook.ts'

const creators: Readonly<Record<ServiceOption, (value: string, allowPrivate: boolean) => Notifier>> = {
  alertmanagerUrl: (url) => alertmanagerNotifier({ url }),
  alertWebhookUrl: (url, allowPrivate) => webhookNotifier({ url, allowPrivate }),
  alertSlackUrl: (url, allowPrivate) => slackNotifier({ url, allowPrivate }),
  alertDiscordUrl: (url, allowPrivate) => discordNotifier({ url, allowPrivate }),
  alertTeamsUrl: (url, allowPrivate) => teamsNotifier({ url, allowPrivate }),
  alertNtfyUrl: (url, allowPrivate) => ntfyNotifier({ url, allowPrivate }),
  alertPagerdutyRoutingKey: (routingKey, allowPrivate) => pagerdutyNotifier({ routingKey, allowPrivate }),
  alertOpsgenieApiKey: (apiKey, allowPrivate) => opsgenieNotifier({ apiKey, allowPrivate }),
}

/**
 * Creates the notifier of an option.
 *
 * @throws TypeError that names the option, if the notifier cannot work.
 */
export function serviceNotifier(option: ServiceOption, value: string, allowPrivate: boolean): Notifier {
  try {
    return creators[option](value, allowPrivate)
  } catch (error) {
    throw new TypeError(`${option}: ${errorMessage(error)}`)
  }
}
