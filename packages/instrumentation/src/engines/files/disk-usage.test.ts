import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type FileKind, FolderUsage } from './disk-usage.ts'

const folders = mkdtempSync(join(tmpdir(), 'disk-usage-'))
afterAll(() => rmSync(folders, { recursive: true, force: true }))
const folder = (): string => mkdtempSync(join(folders, 'store-'))

function findKind(name: string): FileKind | undefined {
  if (name.endsWith('.sst')) return 'table'
  if (name.endsWith('.blob')) return 'value_log'
  if (name.endsWith('.log')) return 'wal'
  return name.startsWith('foreign') ? undefined : 'other'
}

const readUsage = (at: string, knownBytes?: (name: string) => number | undefined) =>
  new FolderUsage(at, findKind).read(knownBytes)

test('file sizes are added up by kind, and foreign files are left out', async () => {
  const store = folder()
  const sizes = { '1.sst': 5000, '2.sst': 70, '3.log': 300, '4.blob': 11, CURRENT: 2, foreign: 1000 }
  for (const [name, bytes] of Object.entries(sizes)) writeFileSync(join(store, name), Buffer.alloc(bytes))
  mkdirSync(join(store, 'lost'))
  expect(await readUsage(store)).toEqual({
    bytes: { table: 5070, wal: 300, value_log: 11, other: 2 },
    totalBytes: 5383,
  })
})

test('the total of many files is what the file system reports', async () => {
  const store = folder()
  for (let index = 0; index < 300; index++) writeFileSync(join(store, `${index}.sst`), Buffer.alloc(index * 3))
  const bytes = readdirSync(store).reduce((sum, name) => sum + statSync(join(store, name)).size, 0)
  expect(await readUsage(store)).toMatchObject({ bytes: { table: bytes }, totalBytes: bytes })
})

test('a file with a known size is not read', async () => {
  const store = folder()
  writeFileSync(join(store, '1.sst'), Buffer.alloc(10))
  writeFileSync(join(store, '2.sst'), Buffer.alloc(10))
  const usage = await readUsage(store, (name) => (name === '1.sst' ? 4000 : undefined))
  expect(usage?.totalBytes).toBe(4010)
})

test('a file that disappears while it is read counts as 0', async () => {
  const store = folder()
  writeFileSync(join(store, '1.sst'), Buffer.alloc(10))
  symlinkSync(join(store, 'nowhere'), join(store, '2.sst'))
  expect(await readUsage(store)).toMatchObject({ totalBytes: 10 })
  for (let index = 0; index < 200; index++) writeFileSync(join(store, `${index}.sst`), Buffer.alloc(10))
  const usage = readUsage(store)
  for (let index = 0; index < 200; index++) unlinkSync(join(store, `${index}.sst`))
  expect((await usage)?.totalBytes).toBeLessThanOrEqual(2010)
})

test('the usage of a missing folder is undefined', async () => {
  expect(await readUsage(join(folders, 'nowhere'))).toBeUndefined()
})

test('a file that cannot be read makes the usage an error, not a smaller number', async () => {
  const store = folder()
  writeFileSync(join(store, '1.sst'), Buffer.alloc(10))
  symlinkSync(join(store, 'loop.sst'), join(store, 'loop.sst'))
  await expect(readUsage(store)).rejects.toMatchObject({ code: 'ELOOP' })
})

test('a folder with very many files of others is listed in slices, and not in every read', async () => {
  const store = folder()
  writeFileSync(join(store, '1.sst'), Buffer.alloc(10))
  for (let index = 0; index < 20_000; index++) writeFileSync(join(store, `foreign-${index}`), '')
  let turns = 0
  const count = (): void => {
    turns++
    immediate = setImmediate(count)
  }
  let immediate = setImmediate(count)
  const usage = new FolderUsage(store, findKind)
  expect((await usage.read())?.totalBytes).toBe(10)
  clearImmediate(immediate)
  expect(turns, 'the event loop turns between the slices').toBeGreaterThan(100)
  // A new file is found by the next listing; what is known is read again at once.
  writeFileSync(join(store, '1.sst'), Buffer.alloc(30))
  writeFileSync(join(store, '2.sst'), Buffer.alloc(10))
  expect((await usage.read())?.totalBytes).toBe(30)
})

test('an ordinary folder is listed in every read', async () => {
  const store = folder()
  writeFileSync(join(store, '1.sst'), Buffer.alloc(10))
  const usage = new FolderUsage(store, findKind)
  expect((await usage.read())?.totalBytes).toBe(10)
  writeFileSync(join(store, '2.sst'), Buffer.alloc(10))
  expect((await usage.read())?.totalBytes).toBe(20)
})
