import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { instrument } from '@wombat/instrumentation'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { ClassicLevel } from 'classic-level'
import Keyv from 'keyv'
import { open as openLmdb } from 'lmdb'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { createFailingStore, failWith } from './failing-store.ts'
import { createHealthChecks, type HealthChecksOptions } from './health-checks.ts'
import { holdThreadPool } from './hold-thread-pool.ts'

const name = 'database_connectivity'

function createChecks(options?: HealthChecksOptions) {
  const checks = createHealthChecks(options)
  const db = instrument(createFailingStore(), { registry: checks.registry, name: 'orders' })
  return { ...checks, db }
}

test('a LevelDB, an LMDB and a store in memory are probed by writing, reading and removing, and no key is left', async () => {
  const { registry, runCheck } = createHealthChecks()
  const level = instrument(new ClassicLevel(await temporaryFolder()), { registry, name: 'level' })
  const memory = instrument(new MemoryLevel(), { registry, name: 'memory' })
  const lmdb = instrument(openLmdb({ path: await temporaryFolder() }), { registry, name: 'lmdb' })
  await Promise.all([level.open(), memory.open()])
  for (const store of ['level', 'memory', 'lmdb']) {
    const finding = await runCheck(name, store)
    expect(finding).toMatchObject({ status: 'healthy', message: 'Database is responsive', observed: { unit: 's', bound: 1 } })
  }
  expect([await level.keys().all(), await memory.keys().all(), [...lmdb.getKeys()]]).toEqual([[], [], []])
  await Promise.all([level.close(), memory.close(), lmdb.close()])
})

test('a store whose probe cannot write is only read', async () => {
  const { registry, runCheck } = createHealthChecks()
  const cache = instrument(new Keyv(), { registry, name: 'cache' })
  expect(await runCheck(name, 'cache')).toMatchObject({ status: 'healthy', message: 'Database is readable' })
  await cache.disconnect()
})

test('an opening store is unknown, and a closed one is not checked', async () => {
  const { db, runCheck, checkNames } = createChecks()
  expect(await runCheck(name, 'orders')).toEqual({ status: 'unknown', message: 'Database is opening', reason: 'opening' })
  await db.open()
  expect(checkNames('orders')).toContain(name)
  await db.close()
  expect(checkNames('orders')).toEqual([])
})

test('a failing write is critical, with the code if it is documented, and never the message', async () => {
  const { db, runCheck } = createChecks()
  await db.open()
  db.overrides = { put: failWith('LEVEL_IO_ERROR') }
  expect(await runCheck(name, 'orders')).toMatchObject({
    status: 'critical',
    message: 'Cannot write to database (LEVEL_IO_ERROR)',
    reason: 'cannot_write',
  })
  db.overrides = { put: failWith('account:7 is locked') }
  const finding = await runCheck(name, 'orders')
  expect(finding).toMatchObject({ status: 'critical', message: 'Cannot write to database' })
  expect(JSON.stringify(finding)).not.toMatch(/secret|account/)
})

test('a failing read is critical, and its code shows corrupted data', async () => {
  const { db, runCheck } = createChecks()
  await db.open()
  db.overrides = { get: failWith('LEVEL_CORRUPTION') }
  expect(await runCheck(name, 'orders')).toMatchObject({
    status: 'critical',
    message: 'Cannot read from database (LEVEL_CORRUPTION)',
    reason: 'corruption',
  })
})

test('a value that differs from the written one is an integrity issue', async () => {
  const { db, runCheck } = createChecks()
  await db.open()
  db.overrides = { get: () => 'something else' }
  expect(await runCheck(name, 'orders')).toMatchObject({
    status: 'unhealthy',
    message: 'Data integrity issue',
    reason: 'integrity',
  })
})

test('a failing removal is not reported, and the next probe removes the key', async () => {
  const { db, runCheck } = createChecks()
  await db.open()
  db.overrides = { del: failWith('LEVEL_IO_ERROR') }
  expect(await runCheck(name, 'orders')).toMatchObject({ status: 'healthy', message: 'Database is responsive' })
  const [left = ''] = await db.keys().all()
  expect(left).toMatch(new RegExp(`^__wombat_health_check__:${process.pid}-[0-9a-z]+:\\d+$`))
  db.overrides = {}
  await runCheck(name, 'orders')
  expect(await db.keys().all()).toEqual([])
})

test('all stores of one name are probed, and the worst finding is reported', async () => {
  const { db, registry, runCheck } = createChecks()
  const other = instrument(new MemoryLevel(), { registry, name: 'orders' })
  await Promise.all([db.open(), other.open()])
  expect(await runCheck(name, 'orders')).toMatchObject({ status: 'healthy' })
  db.overrides = { put: failWith('LEVEL_IO_ERROR') }
  expect(await runCheck(name, 'orders')).toMatchObject({ status: 'critical' })
})

test('the probe mode `read` never writes', async () => {
  const { db, runCheck } = createChecks({ probe: 'read' })
  await db.open()
  expect(await runCheck(name, 'orders')).toMatchObject({ status: 'healthy', message: 'Database is readable' })
  expect(db.calls).toEqual(['get'])
})

test('the probe mode `idle` writes only if the application did not write, or failed to', async () => {
  const { db, runCheck } = createChecks({ probe: 'idle' })
  await db.open()
  const calls = async (): Promise<string[]> => {
    db.calls.splice(0)
    expect(await runCheck(name, 'orders')).toMatchObject({ status: 'healthy', message: 'Database is responsive' })
    return [...db.calls]
  }
  expect(await calls()).toEqual(['put', 'get', 'del'])
  await db.put('a', '1')
  expect(await calls()).toEqual(['get'])
  expect(await calls()).toEqual(['put', 'get', 'del'])
  await db.put('b', '2')
  db.overrides = { put: failWith('LEVEL_IO_ERROR') }
  await expect(db.put('c', '3')).rejects.toThrow()
  db.overrides = {}
  expect(await calls()).toEqual(['put', 'get', 'del'])
})

test('with the probe mode `off` there is no check', async () => {
  const { db, checkNames } = createChecks({ probe: 'off' })
  await db.open()
  expect(checkNames('orders')).not.toContain(name)
})

test('an aborted probe stops between its steps and removes its key', async () => {
  const { db, source } = createChecks()
  await db.open()
  const controller = new AbortController()
  db.overrides = { put: () => controller.abort() }
  await source()
    .find((check) => check.name === name)
    ?.run({ signal: controller.signal, nowMs: 0, previousStatus: 'healthy' })
  expect(db.calls).toEqual(['put', 'del'])
})

const bounds = { slowSeconds: 0.2 }
const slow = { status: 'degraded', message: 'Database responds slowly' }

test('a slow store is degraded because of the store', async () => {
  const { db, runCheck } = createChecks({ bounds })
  await db.open()
  db.overrides = { put: () => sleep(300) }
  expect(await runCheck(name, 'orders')).toMatchObject({ ...slow, reason: 'store', observed: { bound: 0.2 } })
})

test('a store that waits for a blocked event loop is degraded because of the event loop', async () => {
  const { db, nextTick, runCheck } = createChecks({ bounds })
  await db.open()
  await nextTick()
  const block = (): void => {
    for (const untilMs = performance.now() + 400; performance.now() < untilMs; );
  }
  db.overrides = { put: () => new Promise((resolve) => setImmediate(() => resolve(block()))) }
  expect(await runCheck(name, 'orders')).toMatchObject({ ...slow, reason: 'event_loop' })
})

test('a LevelDB that waits for a full thread pool is degraded because of the thread pool', async () => {
  const { registry, process, nextTick, runCheck } = createHealthChecks({ bounds })
  const folder = await temporaryFolder()
  const db = instrument(new ClassicLevel(join(folder, 'db')), { registry, name: 'orders' })
  onTestFinished(() => db.close())
  await db.open()
  await nextTick()
  const held = holdThreadPool(folder, process.poolSize, 2000)
  expect(await runCheck(name, 'orders')).toMatchObject({ ...slow, reason: 'thread_pool' })
  await held
})

test('after a while without any operation, the cause is found as well', async () => {
  const { registry, process, runCheck } = createHealthChecks({ bounds })
  const folder = await temporaryFolder()
  const db = instrument(new ClassicLevel(join(folder, 'db')), { registry, name: 'orders' })
  onTestFinished(() => db.close())
  await db.open()
  await expect.poll(() => registry.observer.onNextOperation !== undefined, { timeout: 15_000 }).toBe(true)
  // Much shorter than the interval in which a process at rest is measured.
  const held = holdThreadPool(folder, process.poolSize, 500)
  expect(await runCheck(name, 'orders')).toMatchObject({ ...slow, reason: 'thread_pool' })
  await held
})

test('a store that failed to open is critical until it, or another one in the same folder, is opened', async () => {
  const { registry, runCheck, checkNames } = createHealthChecks()
  const at = await temporaryFolder()
  const holder = new ClassicLevel(at)
  await holder.open()
  const db = instrument(new ClassicLevel(at), { registry, name: 'orders' })
  await expect(db.open()).rejects.toThrow()
  expect(await runCheck(name, 'orders')).toEqual({
    status: 'critical',
    message: 'Cannot open database (LEVEL_LOCKED)',
    reason: 'cannot_open',
  })
  await holder.close()
  const other = instrument(new ClassicLevel(at), { registry, name: 'orders' })
  await other.open()
  expect(await runCheck(name, 'orders')).toMatchObject({ status: 'healthy' })
  await other.close()
  await db.open()
  expect(await runCheck(name, 'orders')).toMatchObject({ status: 'healthy' })
  await db.close()
  expect(checkNames('orders')).not.toContain(name)
})
