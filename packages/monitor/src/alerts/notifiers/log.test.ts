import { expect, test } from 'vitest'
import { createAlert, recordingLogger } from '../../../test/alerts/alert-fixtures.ts'
import { logNotifier } from './log.ts'

test('firing alerts are logged at a level by severity, resolved alerts at info', async () => {
  const { logger, lines } = recordingLogger()
  const notifier = logNotifier(logger)
  const warning = createAlert('firing', { labels: { alertname: 'Slow', severity: 'warning' } })
  const group = { rule: 'Slow', atMs: 0, firing: [createAlert('firing'), warning], resolved: [createAlert('resolved')] }
  await notifier.send(group, AbortSignal.timeout(1000))
  expect(lines.map(([level, message]) => [level, message])).toEqual([
    ['error', 'alert firing: orders is slow'],
    ['warn', 'alert firing: orders is slow'],
    ['info', 'alert resolved: Slow'],
  ])
})
