import { setTimeout as sleep } from 'node:timers/promises'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryPath } from '../../../test/history/open-history.ts'
import { type AlertRule, type MonitoringConfig, startMonitoring } from '../../index.ts'

const hour = 3_600_000
const rule: AlertRule = {
  name: 'Used',
  severity: 'info',
  durationMs: hour,
  condition: 'metric_above',
  metric: 'db_set_operations_total',
  threshold: 0,
}

async function monitoringOf(config: MonitoringConfig) {
  const logger = collectingLogger()
  const monitoring = await startMonitoring({
    jsonApiEnabled: false,
    metricsIntervalMs: 100,
    alertEvaluationIntervalMs: 100,
    alertRules: [rule],
    logger,
    ...config,
  })
  onTestFinished(() => monitoring.close())
  return { monitoring, logger }
}

test('an alert that waits goes on waiting in the next process, and the time between the two does not count', async () => {
  const historyPath = await temporaryPath()
  const first = await monitoringOf({ historyPath })
  await first.monitoring.instrument(new MemoryLevel(), { name: 'orders' }).put('a', '1')
  await expect.poll(() => first.monitoring.alerts()).toMatchObject([{ rule: 'Used', state: { name: 'pending' } }])
  const [before] = first.monitoring.alerts()
  await first.monitoring.close()
  await sleep(700)
  const second = await monitoringOf({ historyPath })
  const [after] = second.monitoring.alerts()
  expect(after).toMatchObject({ labels: before?.labels, state: { name: 'pending' } })
  const waited = (after?.state.activeAtMs ?? 0) - (before?.state.activeAtMs ?? 0)
  expect(waited).toBeGreaterThan(600)
  expect(waited).toBeLessThan(2000)
  expect([...first.logger.lines, ...second.logger.lines].filter(({ level }) => level === 'error')).toEqual([])
})

test('a file that another one writes to is a complaint at the door, and no door stays open', async () => {
  const historyPath = await temporaryPath()
  const first = await monitoringOf({ historyPath })
  await expect(monitoringOf({ historyPath })).rejects.toThrow(`historyPath: ${historyPath} is in use by another process`)
  await first.monitoring.close()
  await monitoringOf({ historyPath })
})

test('where a door cannot be opened the file is let go', async () => {
  const historyPath = await temporaryPath()
  const taken = await monitoringOf({ jsonApiEnabled: true, jsonApiPort: 0 })
  const port = Number(new URL(taken.monitoring.addresses.json ?? '').port)
  await expect(monitoringOf({ historyPath, jsonApiEnabled: true, jsonApiPort: port })).rejects.toThrow()
  await monitoringOf({ historyPath })
})
