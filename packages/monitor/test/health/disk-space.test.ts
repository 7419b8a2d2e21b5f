import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { instrument, type StoreAdapter, storeAdapters } from '@wombat/instrumentation'
import { ClassicLevel } from 'classic-level'
import { open as openLmdb } from 'lmdb'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { folder, mounted, noMount } from './folders.ts'
import { watched } from './health-checks.ts'

const mebibyte = 2 ** 20
const name = 'disk_space'

async function levelIn(location: string, options?: Parameters<typeof watched>[0]) {
  const seen = watched(options)
  const db = instrument(new ClassicLevel(location, { compression: false }), { registry: seen.registry, name: 'orders' })
  onTestFinished(() => db.close().catch(() => {}))
  await db.open()
  return { ...seen, db }
}

test('a volume with room is healthy, whatever is known of it; a store without files has no such check', async () => {
  const { registry, names, look } = await levelIn(folder(), { bounds: { diskLowShare: 0.001, diskLowLeaveShare: 0.002 } })
  await instrument(new MemoryLevel(), { registry, name: 'memory' }).open()
  expect(await look(name, 'orders')).toMatchObject({
    status: 'healthy',
    message: 'Sufficient disk space available',
    observed: { name: 'free space', unit: 'By', series: { metric: 'db_disk_available_bytes', labels: { store: 'orders' } } },
  })
  expect(names('memory')).not.toContain(name)
})

test('a folder that is gone cannot be accessed', async () => {
  const location = folder()
  const { look } = await levelIn(location)
  rmSync(location, { recursive: true })
  expect(await look(name, 'orders')).toEqual({
    status: 'critical',
    message: 'Cannot access database directory (ENOENT)',
    reason: 'inaccessible',
  })
})

test('the folder of a new store, which it makes while it opens, is not missed meanwhile', async () => {
  const { registry, look } = watched()
  const db = instrument(new ClassicLevel(join(folder(), 'new')), { registry, name: 'orders' })
  onTestFinished(() => db.close())
  expect(db.status).toBe('opening')
  expect(await look(name, 'orders')).toEqual({ status: 'unknown', message: 'Database is opening' })
  await db.open()
  expect((await look(name, 'orders')).message).not.toBe('Database is opening')
})

test('a folder that became read-only cannot be accessed as its store needs it', async (context) => {
  const location = folder()
  const { look } = await levelIn(location)
  if (!mounted(location, 'ro,size=2G')) return context.skip(noMount)
  expect(await look(name, 'orders')).toMatchObject({
    status: 'critical',
    message: 'Cannot access database directory (EROFS)',
  })
})

test('a file system that does not say how much room it has cannot be judged', async (context) => {
  if (process.platform !== 'linux') return context.skip('such a file system is known only on Linux')
  const [memory] = storeAdapters as readonly [StoreAdapter, ...StoreAdapter[]]
  // Of all folders the kernel shows of itself, one that has no blocks.
  const adapter: StoreAdapter = {
    ...memory,
    instrument: (store, context) => ({ ...memory.instrument(store, context), directory: () => '/proc', probe: () => undefined }),
  }
  const { registry, look } = watched()
  await instrument(new MemoryLevel(), { registry, name: 'orders', adapter }).open()
  expect(await look(name, 'orders')).toEqual({
    status: 'degraded',
    message: 'Cannot determine disk space',
    reason: 'undetermined',
  })
})

test('less than 1000 MiB are low and less than 100 MiB insufficient, and a little more ends neither', async (context) => {
  for (const [size, before, status, message, bound] of [
    ['950m', 'healthy', 'degraded', 'Low disk space', 1000],
    ['1100m', 'healthy', 'healthy', 'Sufficient disk space available', 1000],
    ['1100m', 'degraded', 'degraded', 'Low disk space', 1200],
    ['1300m', 'degraded', 'healthy', 'Sufficient disk space available', 1000],
    ['90m', 'healthy', 'critical', 'Insufficient disk space', 100],
    ['110m', 'critical', 'critical', 'Insufficient disk space', 120],
    ['110m', 'healthy', 'degraded', 'Low disk space', 1000],
  ] as const) {
    const location = folder()
    if (!mounted(location, `size=${size}`)) return context.skip(noMount)
    const { db, look } = await levelIn(location)
    const finding = await look(name, 'orders', before)
    expect({ size, ...finding }).toMatchObject({ size, status, message, observed: { bound: bound * mebibyte } })
    await db.close()
  }
})

test('a volume that is nine tenths full is low, however large, until an eighth of it is free', async (context) => {
  const location = folder()
  if (!mounted(location, 'size=20m')) return context.skip(noMount)
  const { look } = await levelIn(location, { bounds: { diskCriticalBytes: 1, diskLowBytes: 2 } })
  const fill = (mebibytes: number): void => writeFileSync(join(location, 'fill'), Buffer.alloc(mebibytes * mebibyte))
  expect(await look(name, 'orders')).toMatchObject({ status: 'healthy' })
  fill(18.5)
  expect(await look(name, 'orders')).toMatchObject({ status: 'degraded', message: 'Low disk space', reason: 'low' })
  fill(17.8)
  expect(await look(name, 'orders', 'degraded')).toMatchObject({ status: 'degraded', message: 'Low disk space' })
  expect(await look(name, 'orders', 'healthy')).toMatchObject({ status: 'healthy' })
  fill(17)
  expect(await look(name, 'orders', 'degraded')).toMatchObject({ status: 'healthy' })
})

test('few inodes are few, whatever the space', async (context) => {
  const location = folder()
  if (!mounted(location, 'size=2G,nr_inodes=900')) return context.skip(noMount)
  const { look } = await levelIn(location)
  expect(await look(name, 'orders')).toMatchObject({
    status: 'degraded',
    message: 'Few inodes left',
    reason: 'inodes',
    observed: { unit: '{inode}', bound: 1000 },
  })
})

test('a full volume explains that its LevelDB cannot be written to, that its writes fail, and its own trouble', async (context) => {
  const location = folder()
  if (!mounted(location, 'size=8m')) return context.skip(noMount)
  const { db, remember, lookAtAll, explained } = await levelIn(location)
  await remember()
  const value = Buffer.alloc(4096, 'x').toString('latin1')
  let failed = 0
  for (let index = 0; index < 4000 && failed < 30; index++) await db.put(`${index}`, value).catch(() => failed++)
  expect(failed).toBe(30)
  await new Promise((resolve) => setTimeout(resolve, 150))
  await remember()
  const all = await lookAtAll()
  const of = (check: string) => all.find(({ name, store }) => name === check && store === 'orders')
  expect(of('disk_space')).toMatchObject({ status: 'critical', message: 'Insufficient disk space' })
  expect(of('database_connectivity')).toMatchObject({
    status: 'critical',
    message: 'Cannot write to database (LEVEL_IO_ERROR)',
  })
  expect(of('error_rates')).toMatchObject({
    reason: 'failures',
    message: expect.stringMatching(/^[\d.]+ % of the set operations failed$/),
  })
  const cause = { check: 'disk_space', store: 'orders' }
  expect(explained(all, 'database_connectivity', 'orders').cause).toMatchObject(cause)
  expect(explained(all, 'error_rates', 'orders')).toMatchObject({
    cause,
    nextSteps: expect.arrayContaining(['See disk_space: Insufficient disk space.']),
  })
  const own = explained(all, 'disk_space', 'orders')
  expect(own.cause).toEqual({ message: 'The volume fills up with the data of this store, or with other files.' })
  expect(own.runbookUrl).toBe('@wombat/monitor/RUNBOOK.md#disk_space')
})

test('an LMDB on a full volume is read and not written to: a commit of lmdb that fails ends the process', async (context) => {
  const location = folder()
  if (!mounted(location, 'size=4m')) return context.skip(noMount)
  const { registry, look } = watched()
  const db = instrument(openLmdb({ path: location }), { registry, name: 'orders' })
  onTestFinished(() => db.close())
  await db.put('a', '1')
  expect(await look('database_connectivity', 'orders')).toMatchObject({ message: 'Database is responsive' })
  expect(() => writeFileSync(join(location, 'fill'), Buffer.alloc(8 * mebibyte))).toThrow('ENOSPC')
  expect(await look('database_connectivity', 'orders')).toMatchObject({ status: 'healthy', message: 'Database is readable' })
  expect(await look(name, 'orders')).toMatchObject({ status: 'critical', message: 'Insufficient disk space' })
})
