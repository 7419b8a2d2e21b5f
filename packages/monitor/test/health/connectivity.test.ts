import { setTimeout as wait } from 'node:timers/promises'
import { instrument } from '@wombat/instrumentation'
import { ClassicLevel } from 'classic-level'
import Keyv from 'keyv'
import { open as openLmdb } from 'lmdb'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { ailingStore, coded } from './failing-store.ts'
import { folder } from './folders.ts'
import { watched } from './health-checks.ts'
import { holdPool } from './hold-thread-pool.ts'

const name = 'database_connectivity'

function ailing(options?: Parameters<typeof watched>[0]) {
  const seen = watched(options)
  const db = instrument(ailingStore(), { registry: seen.registry, name: 'orders' })
  return { ...seen, db }
}

test('a LevelDB, an LMDB and a store in memory are tried out by writing, reading and removing, and nothing stays behind', async () => {
  const { registry, look } = watched()
  const level = instrument(new ClassicLevel(folder()), { registry, name: 'level' })
  const memory = instrument(new MemoryLevel(), { registry, name: 'memory' })
  const lmdb = instrument(openLmdb({ path: folder() }), { registry, name: 'lmdb' })
  await Promise.all([level.open(), memory.open()])
  for (const store of ['level', 'memory', 'lmdb']) {
    const finding = await look(name, store)
    expect(finding).toMatchObject({ status: 'healthy', message: 'Database is responsive', observed: { unit: 's', bound: 1 } })
  }
  expect([await level.keys().all(), await memory.keys().all(), [...lmdb.getKeys()]]).toEqual([[], [], []])
  await Promise.all([level.close(), memory.close(), lmdb.close()])
})

test('a store that takes no writes of ours is read', async () => {
  const { registry, look } = watched()
  instrument(new Keyv(), { registry, name: 'cache' })
  expect(await look(name, 'cache')).toMatchObject({ status: 'healthy', message: 'Database is readable' })
})

test('a store that is opening is not known yet, and one that is closed is not checked', async () => {
  const { db, look, names } = ailing()
  expect(await look(name, 'orders')).toEqual({ status: 'unknown', message: 'Database is opening', reason: 'opening' })
  await db.open()
  expect(names('orders')).toContain(name)
  await db.close()
  expect(names('orders')).toEqual([])
})

test('a write that fails is critical, with the code where it is a known one, and never the message', async () => {
  const { db, look } = ailing()
  await db.open()
  db.ailments = { put: coded('LEVEL_IO_ERROR') }
  expect(await look(name, 'orders')).toMatchObject({
    status: 'critical',
    message: 'Cannot write to database (LEVEL_IO_ERROR)',
    reason: 'cannot_write',
  })
  db.ailments = { put: coded('account:7 is locked') }
  const finding = await look(name, 'orders')
  expect(finding).toMatchObject({ status: 'critical', message: 'Cannot write to database' })
  expect(JSON.stringify(finding)).not.toMatch(/secret|account/)
})

test('a read that fails is critical, and damage is told by its code', async () => {
  const { db, look } = ailing()
  await db.open()
  db.ailments = { get: coded('LEVEL_CORRUPTION') }
  expect(await look(name, 'orders')).toMatchObject({
    status: 'critical',
    message: 'Cannot read from database (LEVEL_CORRUPTION)',
    reason: 'corruption',
  })
})

test('what is read back and is not what was written is an integrity issue', async () => {
  const { db, look } = ailing()
  await db.open()
  db.ailments = { get: () => 'something else' }
  expect(await look(name, 'orders')).toMatchObject({ status: 'unhealthy', message: 'Data integrity issue', reason: 'integrity' })
})

test('a removal that fails is no failure, and the next try makes up for it', async () => {
  const { db, look } = ailing()
  await db.open()
  db.ailments = { del: coded('LEVEL_IO_ERROR') }
  expect(await look(name, 'orders')).toMatchObject({ status: 'healthy', message: 'Database is responsive' })
  const [left = ''] = await db.keys().all()
  expect(left).toMatch(new RegExp(`^__wombat_health_check__:${process.pid}-[0-9a-f]{12}:\\d+$`))
  db.ailments = {}
  await look(name, 'orders')
  expect(await db.keys().all()).toEqual([])
})

test('of several stores of one name, each is tried and the worst counts', async () => {
  const { db, registry, look } = ailing()
  const other = instrument(new MemoryLevel(), { registry, name: 'orders' })
  await Promise.all([db.open(), other.open()])
  expect(await look(name, 'orders')).toMatchObject({ status: 'healthy' })
  db.ailments = { put: coded('LEVEL_IO_ERROR') }
  expect(await look(name, 'orders')).toMatchObject({ status: 'critical' })
})

test('by reading only, nothing is ever written', async () => {
  const { db, look } = ailing({ probe: 'read' })
  await db.open()
  expect(await look(name, 'orders')).toMatchObject({ status: 'healthy', message: 'Database is readable' })
  expect(db.calls).toEqual(['get'])
})

test('while the users of a store write with success, it is only read; in silence and after a failure, written to', async () => {
  const { db, look } = ailing({ probe: 'idle' })
  await db.open()
  const calls = async (): Promise<string[]> => {
    db.calls.splice(0)
    expect(await look(name, 'orders')).toMatchObject({ status: 'healthy', message: 'Database is responsive' })
    return [...db.calls]
  }
  expect(await calls()).toEqual(['put', 'get', 'del'])
  await db.put('a', '1')
  expect(await calls()).toEqual(['get'])
  expect(await calls()).toEqual(['put', 'get', 'del'])
  await db.put('b', '2')
  db.ailments = { put: coded('LEVEL_IO_ERROR') }
  await expect(db.put('c', '3')).rejects.toThrow()
  db.ailments = {}
  expect(await calls()).toEqual(['put', 'get', 'del'])
})

test('without trying there is no such check', async () => {
  const { db, names } = ailing({ probe: 'off' })
  await db.open()
  expect(names('orders')).not.toContain(name)
})

test('where nobody waits any more, a try stops between its steps, and takes away what it wrote', async () => {
  const { db, source } = ailing()
  await db.open()
  const stop = new AbortController()
  db.ailments = { put: () => stop.abort() }
  await source()
    .find((check) => check.name === name)
    ?.run({ signal: stop.signal, nowMs: 0, previousStatus: 'healthy' })
  expect(db.calls).toEqual(['put', 'del'])
})

const bounds = { slowSeconds: 0.2 }
const slowly = { status: 'degraded', message: 'Database responds slowly' }

test('a store that is slow by itself answers slowly', async () => {
  const { db, look } = ailing({ bounds })
  await db.open()
  db.ailments = { put: () => wait(300) }
  expect(await look(name, 'orders')).toMatchObject({ ...slowly, reason: 'store', observed: { bound: 0.2 } })
})

test('a store that waits for a blocked event loop answers slowly because of that', async () => {
  const { db, look } = ailing({ bounds })
  await db.open()
  await wait(100)
  const block = (): void => {
    for (const untilMs = performance.now() + 400; performance.now() < untilMs; );
  }
  db.ailments = { put: () => new Promise((resolve) => setImmediate(() => resolve(block()))) }
  expect(await look(name, 'orders')).toMatchObject({ ...slowly, reason: 'event_loop' })
})

test('a LevelDB that waits for a thread pool full of the work of others answers slowly because of that', async () => {
  const { registry, look, process } = watched({ bounds })
  const db = instrument(new ClassicLevel(folder()), { registry, name: 'orders' })
  onTestFinished(() => db.close())
  await db.open()
  await wait(100)
  const held = holdPool(process.poolSize, 2000)
  expect(await look(name, 'orders')).toMatchObject({ ...slowly, reason: 'thread_pool' })
  await held
})

test('a store that could not be opened is critical, until it is opened or another one in its place is', async () => {
  const { registry, look, names } = watched()
  const at = folder()
  const holder = new ClassicLevel(at)
  await holder.open()
  const db = instrument(new ClassicLevel(at), { registry, name: 'orders' })
  await expect(db.open()).rejects.toThrow()
  expect(await look(name, 'orders')).toEqual({
    status: 'critical',
    message: 'Cannot open database (LEVEL_LOCKED)',
    reason: 'cannot_open',
  })
  await holder.close()
  const other = instrument(new ClassicLevel(at), { registry, name: 'orders' })
  await other.open()
  expect(await look(name, 'orders')).toMatchObject({ status: 'healthy' })
  await other.close()
  await db.open()
  expect(await look(name, 'orders')).toMatchObject({ status: 'healthy' })
  await db.close()
  expect(names('orders')).not.toContain(name)
})
