import type { Logger } from '../../logger.ts'
import { defaultRepeatMs, type Notifier, type NotifierOptions, notifierShape, validateOptions } from './notifier.ts'

/** Options of `logNotifier`. */
export type LogNotifierOptions = NotifierOptions

/**
 * Creates a notifier that logs alerts: firing ones at level `warn`, or `error` if they are critical or emergencies; resolved ones
 * at level `info`.
 *
 * @throws TypeError with every invalid option.
 *
 * @example
 * ```ts
 * import { logNotifier } from '@wombat/monitor'
 *
 * const notifier = logNotifier(console, { repeatMs: 3_600_000 })
 * if (notifier.name !== 'log') throw new Error('expected the default name')
 * ```
 */
export function logNotifier(logger: Logger, options: LogNotifierOptions = {}): Notifier {
  validateOptions('logNotifier', notifierShape, options)
  const { name = 'log', repeatMs = defaultRepeatMs, sendResolved = true } = options
  return {
    name,
    repeatMs,
    sendResolved,
    async send({ rule, firing, resolved }) {
      for (const { labels, annotations, value } of firing) {
        const isSevere = labels['severity'] === 'critical' || labels['severity'] === 'emergency'
        logger[isSevere ? 'error' : 'warn'](
          { alert: rule, labels, value, ...annotations },
          `alert firing: ${annotations['summary'] ?? rule}`,
        )
      }
      for (const { labels } of resolved) logger.info({ alert: rule, labels }, `alert resolved: ${rule}`)
    },
  }
}
