import { instrument } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import type { HealthStatus } from '../../src/health/status.ts'
import { createFailingStore, failWith } from './failing-store.ts'
import { createHealthChecks } from './health-checks.ts'

const name = 'error_rates'

/** Returns the finding after `good` successful and `bad` failing writes between two samples. */
async function afterWrites(good: number, bad: number, previous: HealthStatus = 'healthy') {
  const { registry, recordMetrics, runCheck } = createHealthChecks()
  const db = instrument(createFailingStore(), { registry, name: 'orders' })
  const fail = failWith('LEVEL_IO_ERROR')
  db.overrides = { put: (key) => (key.startsWith('bad') ? fail() : undefined) }
  await db.open()
  await recordMetrics()
  for (let index = 0; index < good; index++) await db.put(`good ${index}`, '1')
  for (let index = 0; index < bad; index++) await expect(db.put(`bad ${index}`, '1')).rejects.toThrow('secret')
  await recordMetrics()
  return runCheck(name, 'orders', previous)
}

test('no operations and successful operations are healthy', async () => {
  expect(await afterWrites(0, 0)).toEqual({ status: 'healthy', message: 'No failed operations' })
  expect(await afterWrites(40, 0)).toEqual({ status: 'healthy', message: 'No failed operations' })
})

test('fewer than twenty operations are not evaluated', async () => {
  expect(await afterWrites(9, 10)).toEqual({ status: 'healthy', message: 'Too few operations to evaluate' })
  expect(await afterWrites(10, 10)).toMatchObject({ status: 'unhealthy', message: '50 % of the set operations failed' })
})

test('the status follows the exact share of failed operations', async () => {
  expect(await afterWrites(199, 1)).toEqual({
    status: 'healthy',
    message: '0.5 % of the set operations failed',
    observed: { name: 'share of failed operations', value: 0.005, unit: '1', bound: 0.01 },
  })
  expect(await afterWrites(196, 4)).toMatchObject({ status: 'degraded', message: '2 % of the set operations failed' })
  expect(await afterWrites(90, 10)).toMatchObject({ status: 'unhealthy', message: '10 % of the set operations failed' })
  expect(await afterWrites(10, 30)).toMatchObject({
    status: 'critical',
    message: '75 % of the set operations failed',
    reason: 'failures',
  })
})

test('a status ends at half of the bound at which it starts', async () => {
  expect(await afterWrites(99, 1, 'degraded')).toMatchObject({ status: 'degraded', observed: { bound: 0.005 } })
  expect(await afterWrites(96, 4, 'unhealthy')).toMatchObject({ status: 'unhealthy', observed: { bound: 0.025 } })
  expect(await afterWrites(98, 2, 'unhealthy')).toMatchObject({ status: 'degraded' })
})

test('errors are not checked while recording is disabled', async () => {
  const { registry, recordMetrics, checkNames } = createHealthChecks()
  const db = instrument(createFailingStore(), { registry, name: 'orders' })
  await db.open()
  await recordMetrics()
  expect(checkNames('orders')).toContain(name)
  registry.enabled = false
  expect(checkNames('orders')).not.toContain(name)
  registry.enabled = true
  expect(checkNames('orders')).toContain(name)
})
