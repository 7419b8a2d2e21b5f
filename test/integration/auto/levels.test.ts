import { createRequire } from 'node:module'
import { instrument, MetricsRegistry } from '@wombat/instrumentation'
import { WombatInstrumentation } from '@wombat/instrumentation/auto'
import { readMeasured } from '@wombat/instrumentation/testing'
import { otlpValue } from '@wombat/test-support/otlp-json'
import { startOtlpReceiver } from '@wombat/test-support/otlp-receiver'
import { afterAll, expect, test } from 'vitest'
import { applicationPath, preload, runApplication } from './application.ts'

const require = createRequire(import.meta.url)
const registry = new MetricsRegistry()
// Before the modules are loaded.
const instrumentation = new WombatInstrumentation({ registry })
afterAll(() => instrumentation.disable())

test.each([
  ['cjs', '--import'],
  ['mjs', '--import'],
  ['cjs', '--require'],
])('an application (%s) on abstract-level 1, levelup and leveldown is measured with %s', async (kind, flag) => {
  const receiver = await startOtlpReceiver()
  const path = applicationPath(kind).replace('/app.', '/levels.')
  const { ended, output, errors } = await runApplication([flag, preload, path], {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    WOMBAT_LOG_LEVEL: 'warn',
  })
  expect({ ended, output, errors }).toEqual({ ended: 0, output: 'tea 1\n', errors: '' })
  const body = receiver.received[0]?.body as Buffer
  const total = (store: string, operation: string) => otlpValue(body, `db_${operation}_operations_total`, { store })
  // The stores on LevelDB have one name, and are added up.
  expect([total('leveldb', 'set'), total('leveldb', 'get')]).toEqual([3, 1])
  expect([total('memory', 'set'), total('memory', 'get')]).toEqual([1, 1])
})

test('the health probe of a levelup that was found uses its encodings', async () => {
  const db = require('levelup')(require('encoding-down')(require('memdown')(), { keyEncoding: 'json', valueEncoding: 'json' }))
  await db.open()
  await registry.stores.list().at(-1)?.probe()?.write?.('probe key', 'a value')
  expect(await db.get('probe key')).toBe('a value')
  await db.close()
})

test('a levelup that the application instruments right after creating it keeps its name, and is measured once', async () => {
  const levelup = require('levelup')
  const memdown = require('memdown')
  const [found, named] = [levelup(memdown()), levelup(memdown())]
  instrument(named, { name: 'sessions', registry })
  await Promise.all([found.put('a', '1'), named.put('a', '1'), named.put('b', '2')])
  expect(readMeasured(registry, 'memory').set).toEqual({ operations: 1, errors: 0 })
  expect(readMeasured(registry, 'sessions').set).toEqual({ operations: 2, errors: 0 })
  await Promise.all([found.close(), named.close()])
})
