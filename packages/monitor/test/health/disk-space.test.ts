import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { instrument, type StoreAdapter, storeAdapters } from '@wombat/instrumentation'
import { temporaryFolder } from '@wombat/test-support/temporary-folder'
import { ClassicLevel } from 'classic-level'
import { open as openLmdb } from 'lmdb'
import { MemoryLevel } from 'memory-level'
import { expect, onTestFinished, test } from 'vitest'
import { createHealthChecks, type HealthChecksOptions } from './health-checks.ts'
import { cannotMount, mountTmpfs } from './tmpfs.ts'

const mebibyte = 2 ** 20
const name = 'disk_space'

async function openLevel(location: string, options?: HealthChecksOptions) {
  const checks = createHealthChecks(options)
  const db = instrument(new ClassicLevel(location, { compression: false }), { registry: checks.registry, name: 'orders' })
  onTestFinished(() => db.close().catch(() => {}))
  await db.open()
  return { ...checks, db }
}

test('a volume with free space is healthy, and a store without files is not checked', async () => {
  const { registry, checkNames, runCheck } = await openLevel(await temporaryFolder(), {
    bounds: { diskLowShare: 0.001, diskLowLeaveShare: 0.002 },
  })
  await using memory = instrument(new MemoryLevel(), { registry, name: 'memory' })
  await memory.open()
  expect(await runCheck(name, 'orders')).toMatchObject({
    status: 'healthy',
    message: 'Sufficient disk space available',
    observed: { name: 'free space', unit: 'By', series: { metric: 'db_disk_available_bytes', labels: { store: 'orders' } } },
  })
  expect(checkNames('memory')).not.toContain(name)
})

test('a removed directory is inaccessible', async () => {
  const location = await temporaryFolder()
  const { runCheck } = await openLevel(location)
  rmSync(location, { recursive: true })
  expect(await runCheck(name, 'orders')).toEqual({
    status: 'critical',
    message: 'Cannot access database directory (ENOENT)',
    reason: 'inaccessible',
  })
})

test('a directory that a new store creates while it opens is not reported as missing', async () => {
  const { registry, runCheck } = createHealthChecks()
  const db = instrument(new ClassicLevel(join(await temporaryFolder(), 'new')), { registry, name: 'orders' })
  onTestFinished(() => db.close())
  expect(db.status).toBe('opening')
  const finding = await runCheck(name, 'orders')
  expect(finding.reason).not.toBe('inaccessible')
  // On a busy machine, it may have created its directory meanwhile.
  if (finding.status !== 'healthy') expect(finding).toEqual({ status: 'unknown', message: 'Database is opening' })
  await db.open()
  expect((await runCheck(name, 'orders')).message).not.toBe('Database is opening')
})

test('a directory that became read-only is inaccessible', async (context) => {
  const location = await temporaryFolder()
  const { runCheck } = await openLevel(location)
  if (!mountTmpfs(location, 'ro,size=2G')) return context.skip(cannotMount)
  expect(await runCheck(name, 'orders')).toMatchObject({
    status: 'critical',
    message: 'Cannot access database directory (EROFS)',
  })
})

test('a file system that does not report its free space is unknown', async (context) => {
  if (process.platform !== 'linux') return context.skip('/proc exists only on Linux')
  const [memory] = storeAdapters as readonly [StoreAdapter, ...StoreAdapter[]]
  // Of all folders the kernel shows of itself, one that has no blocks.
  const adapter: StoreAdapter = {
    ...memory,
    instrument: (store, context) => ({ ...memory.instrument(store, context), directory: () => '/proc', probe: () => undefined }),
  }
  const { registry, runCheck } = createHealthChecks()
  await using store = instrument(new MemoryLevel(), { registry, name: 'orders', adapter })
  await store.open()
  expect(await runCheck(name, 'orders')).toEqual({
    status: 'unknown',
    message: 'Cannot determine disk space',
    reason: 'undetermined',
  })
})

test('less than 1000 MiB is low, less than 100 MiB is insufficient, and slightly more ends neither', async (context) => {
  for (const [size, previous, status, message, bound] of [
    ['950m', 'healthy', 'degraded', 'Low disk space', 1000],
    ['1100m', 'healthy', 'healthy', 'Sufficient disk space available', 1000],
    ['1100m', 'degraded', 'degraded', 'Low disk space', 1200],
    ['1300m', 'degraded', 'healthy', 'Sufficient disk space available', 1000],
    ['90m', 'healthy', 'critical', 'Insufficient disk space', 100],
    ['110m', 'critical', 'critical', 'Insufficient disk space', 120],
    ['110m', 'healthy', 'degraded', 'Low disk space', 1000],
  ] as const) {
    const location = await temporaryFolder()
    if (!mountTmpfs(location, `size=${size}`)) return context.skip(cannotMount)
    const { db, runCheck } = await openLevel(location)
    const finding = await runCheck(name, 'orders', previous)
    expect({ size, ...finding }).toMatchObject({ size, status, message, observed: { bound: bound * mebibyte } })
    await db.close()
  }
})

test('less than 10 % free space is low, whatever the size of the volume, until 12 % are free', async (context) => {
  const location = await temporaryFolder()
  if (!mountTmpfs(location, 'size=20m')) return context.skip(cannotMount)
  const { runCheck } = await openLevel(location, { bounds: { diskCriticalBytes: 1, diskLowBytes: 2 } })
  const fill = (mebibytes: number): void => writeFileSync(join(location, 'fill'), Buffer.alloc(mebibytes * mebibyte))
  expect(await runCheck(name, 'orders')).toMatchObject({ status: 'healthy' })
  fill(18.5)
  expect(await runCheck(name, 'orders')).toMatchObject({ status: 'degraded', message: 'Low disk space', reason: 'low' })
  fill(17.8)
  expect(await runCheck(name, 'orders', 'degraded')).toMatchObject({ status: 'degraded', message: 'Low disk space' })
  expect(await runCheck(name, 'orders', 'healthy')).toMatchObject({ status: 'healthy' })
  fill(17)
  expect(await runCheck(name, 'orders', 'degraded')).toMatchObject({ status: 'healthy' })
})

test('few inodes are degraded, whatever the free space', async (context) => {
  const location = await temporaryFolder()
  if (!mountTmpfs(location, 'size=2G,nr_inodes=900')) return context.skip(cannotMount)
  const { runCheck } = await openLevel(location)
  expect(await runCheck(name, 'orders')).toMatchObject({
    status: 'degraded',
    message: 'Few inodes left',
    reason: 'inodes',
    observed: { unit: '{inode}', bound: 1000 },
  })
})

test('a full volume is the cause of failing probes and failing writes of its LevelDB', async (context) => {
  const location = await temporaryFolder()
  if (!mountTmpfs(location, 'size=8m')) return context.skip(cannotMount)
  const { db, recordMetrics, runAllChecks, explainResult } = await openLevel(location)
  await recordMetrics()
  const value = Buffer.alloc(4096, 'x').toString('latin1')
  let failed = 0
  for (let index = 0; index < 4000 && failed < 30; index++) await db.put(`${index}`, value).catch(() => failed++)
  expect(failed).toBe(30)
  await recordMetrics()
  const all = await runAllChecks()
  const find = (check: string) => all.find(({ name, store }) => name === check && store === 'orders')
  expect(find('disk_space')).toMatchObject({ status: 'critical', message: 'Insufficient disk space' })
  expect(find('database_connectivity')).toMatchObject({
    status: 'critical',
    message: 'Cannot write to database (LEVEL_IO_ERROR)',
  })
  expect(find('error_rates')).toMatchObject({
    reason: 'failures',
    message: expect.stringMatching(/^[\d.]+ % of the set operations failed$/),
  })
  const cause = { check: 'disk_space', store: 'orders' }
  expect(explainResult(all, 'database_connectivity', 'orders').cause).toMatchObject(cause)
  expect(explainResult(all, 'error_rates', 'orders')).toMatchObject({
    cause,
    nextSteps: expect.arrayContaining(['See disk_space: Insufficient disk space.']),
  })
  const own = explainResult(all, 'disk_space', 'orders')
  expect(own.cause).toEqual({ message: 'The volume fills up with the data of this store, or with other files.' })
  expect(own.runbookUrl).toBe('@wombat/monitor/RUNBOOK.md#disk_space')
})

test('an LMDB on a full volume is only read, because a failing commit of lmdb ends the process', async (context) => {
  const location = await temporaryFolder()
  if (!mountTmpfs(location, 'size=4m')) return context.skip(cannotMount)
  const { registry, runCheck } = createHealthChecks()
  const db = instrument(openLmdb({ path: location }), { registry, name: 'orders' })
  onTestFinished(() => db.close())
  await db.put('a', '1')
  expect(await runCheck('database_connectivity', 'orders')).toMatchObject({ message: 'Database is responsive' })
  expect(() => writeFileSync(join(location, 'fill'), Buffer.alloc(8 * mebibyte))).toThrow('ENOSPC')
  expect(await runCheck('database_connectivity', 'orders')).toMatchObject({ status: 'healthy', message: 'Database is readable' })
  expect(await runCheck(name, 'orders')).toMatchObject({ status: 'critical', message: 'Insufficient disk space' })
})
