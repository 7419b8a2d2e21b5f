import type { Logger } from '../../logger.ts'
import { alertmanagerNotifier } from './alertmanager.ts'
import { logNotifier } from './log.ts'
import type { Notifier } from './notifier.ts'
import { webhookNotifier } from './webhook.ts'

/** Options of the configuration that name notifiers. */
export interface ConfiguredNotifiers {
  /** Notifiers given in code (default: the log). */
  readonly notifiers: readonly Notifier[] | undefined
  readonly alertmanagerUrl: string | undefined
  readonly alertWebhookUrl: string | undefined
  readonly alertWebhookAllowPrivate: boolean
}

/** Creates the notifiers of a configuration: those given in code, or else the log, and one for each configured URL. */
export function createNotifiers(options: ConfiguredNotifiers, logger: Logger): Notifier[] {
  const { notifiers = [logNotifier(logger)], alertmanagerUrl, alertWebhookUrl, alertWebhookAllowPrivate } = options
  return [
    ...notifiers,
    ...(alertmanagerUrl === undefined ? [] : [alertmanagerNotifier({ url: alertmanagerUrl })]),
    ...(alertWebhookUrl === undefined ? [] : [webhookNotifier({ url: alertWebhookUrl, allowPrivate: alertWebhookAllowPrivate })]),
  ]
}
