import { alertmanagerNotifier } from './alerts/notifiers/alertmanager.ts'
import { logNotifier } from './alerts/notifiers/log.ts'
import type { Notifier } from './alerts/notifiers/notifier.ts'
import { webhookNotifier } from './alerts/notifiers/webhook.ts'
import type { ResolvedConfig } from './config/resolve-config.ts'
import type { Logger } from './logger.ts'

/** Who is told of alerts: those given in code, or else the log, and those that options name. */
export function createNotifiers(config: ResolvedConfig, logger: Logger): Notifier[] {
  const { notifiers = [logNotifier(logger)], alertmanagerUrl, alertWebhookUrl, alertWebhookAllowPrivate } = config
  return [
    ...notifiers,
    ...(alertmanagerUrl === undefined ? [] : [alertmanagerNotifier({ url: alertmanagerUrl })]),
    ...(alertWebhookUrl === undefined ? [] : [webhookNotifier({ url: alertWebhookUrl, allowPrivate: alertWebhookAllowPrivate })]),
  ]
}
