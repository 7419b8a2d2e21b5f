import { setTimeout as sleep } from 'node:timers/promises'
import { type AlertRule, type MonitoringConfig, startMonitoring } from '@wombat/monitor'
import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { temporaryPath } from './open-history.ts'

const rule: AlertRule = {
  name: 'Used',
  severity: 'info',
  durationMs: 3_600_000,
  condition: 'metric_above',
  metric: 'db_set_operations_total',
  threshold: 0,
}

async function start(config: MonitoringConfig) {
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

test('a pending alert is still pending after a restart, and the time in between does not count', async () => {
  const historyPath = await temporaryPath()
  const first = await start({ historyPath })
  await first.monitoring.instrument(new MemoryLevel(), { name: 'orders' }).put('a', '1')
  await expect.poll(() => first.monitoring.alerts()).toMatchObject([{ rule: 'Used', state: { name: 'pending' } }])
  const [before] = first.monitoring.alerts()
  const closing = { fromMs: Date.now(), toMs: 0 }
  await first.monitoring.close()
  closing.toMs = Date.now()
  await sleep(300)
  const starting = { fromMs: Date.now(), toMs: 0 }
  const second = await start({ historyPath })
  starting.toMs = Date.now()
  const [after] = second.monitoring.alerts()
  expect(after).toMatchObject({ labels: before?.labels, state: { name: 'pending' } })
  const shiftMs = (after?.state.activeAtMs ?? 0) - (before?.state.activeAtMs ?? 0)
  expect(shiftMs).toBeGreaterThanOrEqual(starting.fromMs - closing.toMs)
  expect(shiftMs).toBeLessThanOrEqual(starting.toMs - closing.fromMs)
  expect([...first.logger.lines, ...second.logger.lines].filter(({ level }) => level === 'error')).toEqual([])
})

test('a history file that is in use makes the start fail, and does not stay open', async () => {
  const historyPath = await temporaryPath()
  const first = await start({ historyPath })
  await expect(start({ historyPath })).rejects.toThrow(`historyPath: ${historyPath} is in use by another process`)
  await first.monitoring.close()
  await start({ historyPath })
})

test('if a port cannot be opened, the history file is closed', async () => {
  const historyPath = await temporaryPath()
  const taken = await start({ jsonApiEnabled: true, jsonApiPort: 0 })
  const port = Number(new URL(taken.monitoring.addresses.json ?? '').port)
  await expect(start({ historyPath, jsonApiEnabled: true, jsonApiPort: port })).rejects.toThrow()
  await start({ historyPath })
})
