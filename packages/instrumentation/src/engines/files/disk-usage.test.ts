import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  type StatsFs,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type FileKind, parentVolume, readDiskUsage, readVolume } from './disk-usage.ts'

const folders = mkdtempSync(join(tmpdir(), 'disk-usage-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))
const folder = (): string => mkdtempSync(join(folders, 'store-'))

function kindOf(name: string): FileKind | undefined {
  if (name.endsWith('.sst')) return 'table'
  if (name.endsWith('.blob')) return 'value_log'
  if (name.endsWith('.log')) return 'wal'
  return name.startsWith('foreign') ? undefined : 'other'
}

test('files are added up by what they are for, and others are left out', async () => {
  const store = folder()
  const sizes = { '1.sst': 5000, '2.sst': 70, '3.log': 300, '4.blob': 11, CURRENT: 2, foreign: 1000 }
  for (const [name, bytes] of Object.entries(sizes)) writeFileSync(join(store, name), Buffer.alloc(bytes))
  mkdirSync(join(store, 'lost'))
  expect(await readDiskUsage(store, kindOf)).toEqual({
    bytes: { table: 5070, wal: 300, value_log: 11, other: 2 },
    totalBytes: 5383,
  })
})

test('many files are as many bytes as the file system says', async () => {
  const store = folder()
  for (let index = 0; index < 300; index++) writeFileSync(join(store, `${index}.sst`), Buffer.alloc(index * 3))
  const bytes = readdirSync(store).reduce((sum, name) => sum + statSync(join(store, name)).size, 0)
  expect(await readDiskUsage(store, kindOf)).toMatchObject({ bytes: { table: bytes }, totalBytes: bytes })
})

test('a file whose size is known is not looked at', async () => {
  const store = folder()
  writeFileSync(join(store, '1.sst'), Buffer.alloc(10))
  writeFileSync(join(store, '2.sst'), Buffer.alloc(10))
  const usage = await readDiskUsage(store, kindOf, (name) => (name === '1.sst' ? 4000 : undefined))
  expect(usage?.totalBytes).toBe(4010)
})

test('a file that is gone when it is looked at has no size', async () => {
  const store = folder()
  writeFileSync(join(store, '1.sst'), Buffer.alloc(10))
  symlinkSync(join(store, 'nowhere'), join(store, '2.sst'))
  expect(await readDiskUsage(store, kindOf)).toMatchObject({ totalBytes: 10 })
  for (let index = 0; index < 200; index++) writeFileSync(join(store, `${index}.sst`), Buffer.alloc(10))
  const usage = readDiskUsage(store, kindOf)
  for (let index = 0; index < 200; index++) unlinkSync(join(store, `${index}.sst`))
  expect((await usage)?.totalBytes).toBeLessThanOrEqual(2010)
})

test('of a folder that is not there nothing is known', async () => {
  expect(await readDiskUsage(join(folders, 'nowhere'), kindOf)).toBeUndefined()
  expect(await readVolume(join(folders, 'nowhere'))).toBeUndefined()
})

test('a file system that makes inodes as it needs them has no number of free ones', () => {
  const btrfs = { type: 0x9123683e, bsize: 4096, blocks: 1000, bfree: 600, bavail: 500, files: 0, ffree: 0 }
  expect(parentVolume(btrfs as StatsFs)).toEqual({
    availableBytes: 2_048_000,
    capacityBytes: 4_096_000,
    availableInodes: undefined,
  })
  const ext4 = { ...btrfs, type: 0xef53, files: 10, ffree: 0 }
  expect(parentVolume(ext4 as StatsFs)).toMatchObject({ availableInodes: 0 })
})

test.runIf(process.platform === 'linux')(
  'a volume is as large, and has as much room for bytes and files, as df says',
  async () => {
    const volume = await readVolume(folders)
    const { stdout } = spawnSync('df', ['--block-size=1', '--output=size,avail,itotal,iavail', folders], { encoding: 'utf8' })
    const [capacity = Number.NaN, available = Number.NaN, inodes, freeInodes = Number.NaN] = (stdout.split('\n')[1] ?? '')
      .trim()
      .split(/\s+/)
      .map(Number)
    expect(volume?.capacityBytes).toBe(capacity)
    // Others write to it meanwhile.
    expect(Math.abs((volume?.availableBytes ?? 0) - available)).toBeLessThan(1e9)
    if (inodes === 0) expect(volume?.availableInodes).toBeUndefined()
    else expect(Math.abs((volume?.availableInodes ?? 0) - freeInodes)).toBeLessThan(100_000)
  },
)
