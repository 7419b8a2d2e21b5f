import type { Logger } from '../../logger.ts'
import { alertmanagerNotifier } from './alertmanager.ts'
import { discordNotifier } from './discord.ts'
import { logNotifier } from './log.ts'
import type { Notifier } from './notifier.ts'
import { ntfyNotifier } from './ntfy.ts'
import { opsgenieNotifier } from './opsgenie.ts'
import { pagerdutyNotifier } from './pagerduty.ts'
import { slackNotifier } from './slack.ts'
import { teamsNotifier } from './teams.ts'
import { webhookNotifier } from './webhook.ts'

/** Options of the configuration that name notifiers. */
export interface ConfiguredNotifiers {
  /** Notifiers given in code (default: the log). */
  readonly notifiers: readonly Notifier[] | undefined
  readonly alertmanagerUrl: string | undefined
  readonly alertWebhookUrl: string | undefined
  readonly alertWebhookAllowPrivate: boolean
  readonly alertSlackUrl: string | undefined
  readonly alertDiscordUrl: string | undefined
  readonly alertTeamsUrl: string | undefined
  readonly alertNtfyUrl: string | undefined
  readonly alertPagerdutyRoutingKey: string | undefined
  readonly alertOpsgenieApiKey: string | undefined
}

/**
 * Creates the notifiers of a configuration: those given in code, or else the log, and one for each option.
 *
 * @throws TypeError if two have the same name, or if one cannot work.
 */
export function createNotifiers(options: ConfiguredNotifiers, logger: Logger): Notifier[] {
  const { notifiers = [logNotifier(logger)], alertWebhookAllowPrivate: allowPrivate } = options
  const creators: Readonly<Record<Exclude<keyof ConfiguredNotifiers, 'notifiers' | 'alertWebhookAllowPrivate'>, Creator>> = {
    alertmanagerUrl: (url) => alertmanagerNotifier({ url }),
    alertWebhookUrl: (url) => webhookNotifier({ url, allowPrivate }),
    alertSlackUrl: (url) => slackNotifier({ url, allowPrivate }),
    alertDiscordUrl: (url) => discordNotifier({ url, allowPrivate }),
    alertTeamsUrl: (url) => teamsNotifier({ url, allowPrivate }),
    alertNtfyUrl: (url) => ntfyNotifier({ url, allowPrivate }),
    alertPagerdutyRoutingKey: (routingKey) => pagerdutyNotifier({ routingKey }),
    alertOpsgenieApiKey: (apiKey) => opsgenieNotifier({ apiKey }),
  }
  const configured = Object.entries(creators).flatMap(([option, create]) => {
    const value = options[option as keyof typeof creators]
    return value === undefined ? [] : [createFor(option, value, create)]
  })
  const all = [...notifiers, ...configured]
  const names = all.map(({ name }) => name)
  const double = names.find((name, index) => names.indexOf(name) !== index)
  if (double !== undefined) {
    throw new TypeError(`two notifiers are called "${double}": give one of them another name, which metrics and the log show`)
  }
  return all
}

type Creator = (value: string) => Notifier

function createFor(option: string, value: string, create: Creator): Notifier {
  try {
    return create(value)
  } catch (error) {
    throw new TypeError(`${option}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
