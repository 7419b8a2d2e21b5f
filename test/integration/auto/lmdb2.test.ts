import { MetricsRegistry } from '@wombat/instrumentation'
import { WombatInstrumentation } from '@wombat/instrumentation/auto'
import { readMeasured } from '@wombat/instrumentation/testing'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import type * as Lmdb from 'lmdb'
import { afterAll, expect, test } from 'vitest'
import { copyPackages } from './copies.ts'

const registry = new MetricsRegistry()
const instrumentation = new WombatInstrumentation({ registry })
afterAll(() => instrumentation.disable())

test('an lmdb 2 is found, with the databases that are opened from it', async () => {
  const { open }: typeof Lmdb = (await copyPackages('lmdb=lmdb2'))('lmdb')
  const root = open<string, string>({ path: await temporaryFolder() })
  expect(root, 'lmdb 3 has locks').not.toHaveProperty('tryLock')
  await root.openDB<string, string>('users', {}).put('a', '1')
  await root.put('b', '2')
  expect(root.get('b')).toBe('2')
  expect(readMeasured(registry, 'lmdb')).toMatchObject({ set: { operations: 2 }, get: { operations: 1 } })
  await registry.collectors.collectNow()
  expect(registry.getAllMetrics().find(({ name }) => name === 'db_entries')?.value).toBe(2)
  await root.close()
})
