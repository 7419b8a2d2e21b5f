import type { Logger } from '../../logger.ts'
import { logNotifier } from './log.ts'
import type { Notifier } from './notifier.ts'

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

/** An option with the URL or the key of a service. */
export type ServiceOption = Exclude<keyof ConfiguredNotifiers, 'notifiers' | 'alertWebhookAllowPrivate'>

/**
 * Creates the notifiers of a configuration: those given in code, or else the log, and one for each option.
 *
 * @throws TypeError if two have the same name, or if one cannot work.
 */
export async function createNotifiers(options: ConfiguredNotifiers, logger: Logger): Promise<Notifier[]> {
  const { notifiers = [logNotifier(logger)], alertWebhookAllowPrivate: allowPrivate, ...services } = options
  const given = Object.entries(services).filter((entry): entry is [ServiceOption, string] => entry[1] !== undefined)
  // What posts to services is loaded only if a service is configured.
  const { serviceNotifier } = given.length === 0 ? {} : await import('./service-notifier.ts')
  const configured = given.flatMap(([option, value]) => serviceNotifier?.(option, value, allowPrivate) ?? [])
  const all = [...notifiers, ...configured]
  const names = all.map(({ name }) => name)
  const double = names.find((name, index) => names.indexOf(name) !== index)
  if (double !== undefined) {
    throw new TypeError(`two notifiers are called "${double}": give one of them another name, which metrics and the log show`)
  }
  return all
}
