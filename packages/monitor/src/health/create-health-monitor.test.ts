import { collectingLogger } from '@wombat/test-support/collecting-logger'
import { expect, onTestFinished, test } from 'vitest'
import { startMonitoring } from '../start-monitoring.ts'
import type { HealthCheck } from './check.ts'

test('settings of an unknown check are logged if its name resembles a known one', async () => {
  const logger = collectingLogger()
  const checks: HealthCheck[] = [{ name: 'orders_fresh', run: () => ({ status: 'healthy', message: 'Orders come in' }) }]
  const settings = { disk_spce: {}, orders_fresh: {}, memory_usage: {}, comes_later_under_a_name_of_its_own: {} }
  const monitoring = await startMonitoring({ logger, jsonApiEnabled: false, health: { checks, settings } })
  onTestFinished(() => monitoring.close())
  expect(logger.lines.filter(({ level }) => level === 'warn')).toEqual([
    {
      level: 'warn',
      fields: { check: 'disk_spce' },
      message: 'health.settings.disk_spce: unknown health check: did you mean disk_space?',
    },
  ])
})
