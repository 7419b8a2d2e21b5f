import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cpuSecondsBetween, isOnlyRocksDB, parseThreadStat, readBackgroundThreads } from './threads.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wombat-threads-'))
})

afterEach(() => rm(folder, { recursive: true }))

const stat = (name: string, user: number, system: number): string =>
  `9000 (${name}) S 1 8989 8989 0 -1 4194368 12 0 0 0 ${user} ${system} 0 0 20 0 17 0 1234 0 0 18446744073709551615 0`

test("a stat line has the thread's name and its CPU time in hundredths of a second", () => {
  expect(parseThreadStat(stat('rocksdb:low', 17, 5))).toEqual({ name: 'rocksdb:low', cpuSeconds: 0.22 })
  expect(parseThreadStat(stat('odd) (name', 1, 0))).toEqual({ name: 'odd) (name', cpuSeconds: 0.01 })
  expect(parseThreadStat('')).toBeUndefined()
})

test("only the engine's background threads are read", async () => {
  for (const [thread, line] of [
    ['1', stat('node', 900, 100)],
    ['2', stat('rocksdb:low', 20, 0)],
    ['3', stat('rocksdb:high', 10, 0)],
    ['4', stat('rocksdb:dump_st', 50, 0)],
  ] as const) {
    await mkdir(join(folder, thread))
    await writeFile(join(folder, thread, 'stat'), line)
  }
  expect(await readBackgroundThreads(folder)).toEqual(
    new Map([
      ['2', 0.2],
      ['3', 0.1],
    ]),
  )
})

test('without /proc the CPU time is unknown', async () => {
  expect(await readBackgroundThreads(join(folder, 'nowhere'))).toBeUndefined()
})

test('between two reads, new threads count from their start and ended threads do not count', () => {
  const before = new Map([
    ['1', 2],
    ['2', 5],
  ])
  const after = new Map([
    ['2', 6],
    ['3', 0.5],
  ])
  expect(cpuSecondsBetween(before, after)).toBe(1.5)
})

async function createOpenStore(store: string, { identity }: { identity: boolean }): Promise<string> {
  const path = join(folder, store)
  await mkdir(path, { recursive: true })
  await writeFile(join(path, 'MANIFEST-000005'), '')
  if (identity) await writeFile(join(path, 'IDENTITY'), '')
  const files = join(folder, 'open')
  await mkdir(files, { recursive: true })
  await symlink(join(path, 'MANIFEST-000005'), join(files, store))
  return path
}

test('a RocksDB is the only one beside LevelDBs, but not beside another RocksDB', async () => {
  const own = await createOpenStore('own', { identity: true })
  await createOpenStore('leveldb', { identity: false })
  expect(await isOnlyRocksDB(own, join(folder, 'open'))).toBe(true)
  await createOpenStore('other', { identity: true })
  expect(await isOnlyRocksDB(own, join(folder, 'open'))).toBe(false)
})

test('without /proc no RocksDB is known to be the only one', async () => {
  const own = await createOpenStore('own', { identity: true })
  expect(await isOnlyRocksDB(own, join(folder, 'nowhere'))).toBe(false)
  expect(await isOnlyRocksDB(join(folder, 'nowhere'), join(folder, 'open'))).toBe(false)
})
