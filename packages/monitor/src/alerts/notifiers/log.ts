import type { Logger } from '../../logger.ts'
import type { Notifier } from './notifier.ts'

/** Tells the log: what fires as a warning, or as an error from `critical` on, what was resolved as information. */
export function logNotifier(logger: Logger, repeatMs = 4 * 3_600_000): Notifier {
  return {
    name: 'log',
    repeatMs,
    sendResolved: true,
    async send({ rule, firing, resolved }) {
      for (const { labels, annotations, value } of firing) {
        const severe = labels['severity'] === 'critical' || labels['severity'] === 'emergency'
        logger[severe ? 'error' : 'warn'](
          { alert: rule, labels, value, ...annotations },
          `alert firing: ${annotations['summary'] ?? rule}`,
        )
      }
      for (const { labels } of resolved) logger.info({ alert: rule, labels }, `alert resolved: ${rule}`)
    },
  }
}
