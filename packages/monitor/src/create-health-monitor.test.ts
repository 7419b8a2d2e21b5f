import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test } from 'vitest'
import type { HealthCheck } from './health/check.ts'
import { startMonitoring } from './start-monitoring.ts'

test('settings for a check that nobody knows are said to be, where another name was meant', async () => {
  const logger = collectingLogger()
  const checks: HealthCheck[] = [{ name: 'orders_fresh', run: () => ({ status: 'healthy', message: 'Orders come in' }) }]
  const settings = { disk_spce: {}, orders_fresh: {}, memory_usage: {}, comes_later_under_a_name_of_its_own: {} }
  const monitoring = await startMonitoring({ logger, jsonApiEnabled: false, health: { checks, settings } })
  onTestFinished(() => monitoring.close())
  expect(logger.lines.filter(({ level }) => level === 'warn')).toEqual([
    {
      level: 'warn',
      fields: { check: 'disk_spce' },
      message: 'health.settings.disk_spce is for no health check that there is: did you mean disk_space?',
    },
  ])
})
