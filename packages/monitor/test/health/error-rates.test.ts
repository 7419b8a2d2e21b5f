import { setTimeout as wait } from 'node:timers/promises'
import { instrument } from '@wombat/instrumentation'
import { expect, test } from 'vitest'
import { ailingStore, coded } from './failing-store.ts'
import { watched } from './health-checks.ts'

const name = 'error_rates'

/** Remembers, does so many writes of which so many fail, and remembers again. */
async function afterWrites(good: number, bad: number, before: 'healthy' | 'degraded' | 'unhealthy' | 'critical' = 'healthy') {
  const { registry, remember, look } = watched()
  const db = instrument(ailingStore(), { registry, name: 'orders' })
  const refused = coded('LEVEL_IO_ERROR')
  db.ailments = { put: (key) => (key.startsWith('bad') ? refused() : undefined) }
  await db.open()
  await remember()
  for (let index = 0; index < good; index++) await db.put(`good ${index}`, '1')
  for (let index = 0; index < bad; index++) await expect(db.put(`bad ${index}`, '1')).rejects.toThrow('secret')
  await wait(150)
  await remember()
  return look(name, 'orders', before)
}

test('silence and success are healthy', async () => {
  expect(await afterWrites(0, 0)).toEqual({ status: 'healthy', message: 'No failed operations' })
  expect(await afterWrites(40, 0)).toEqual({ status: 'healthy', message: 'No failed operations' })
})

test('of fewer than twenty operations nothing is concluded', async () => {
  expect(await afterWrites(9, 10)).toEqual({ status: 'healthy', message: 'Too few operations to evaluate' })
  expect(await afterWrites(10, 10)).toMatchObject({ status: 'unhealthy', message: '50 % of the set operations failed' })
})

test('the share of failures decides, exactly as counted', async () => {
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

test('a state is left at half of where it is entered', async () => {
  expect(await afterWrites(99, 1, 'degraded')).toMatchObject({ status: 'degraded', observed: { bound: 0.005 } })
  expect(await afterWrites(96, 4, 'unhealthy')).toMatchObject({ status: 'unhealthy', observed: { bound: 0.025 } })
  expect(await afterWrites(98, 2, 'unhealthy')).toMatchObject({ status: 'degraded' })
})

test('while nothing is measured, nothing is said of errors, and so nothing good', async () => {
  const { registry, remember, names } = watched()
  const db = instrument(ailingStore(), { registry, name: 'orders' })
  await db.open()
  await remember()
  expect(names('orders')).toContain(name)
  registry.enabled = false
  expect(names('orders')).not.toContain(name)
  registry.enabled = true
  expect(names('orders')).toContain(name)
})
