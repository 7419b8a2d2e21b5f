import { appendFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RocksDBLog } from './log.ts'

let folder: string
let path: string
const open: RocksDBLog[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wombat-log-'))
  path = join(folder, 'LOG')
})

afterEach(async () => {
  for (const log of open.splice(0)) log.close()
  await rm(folder, { recursive: true })
})

function follow(from: 'beginning' | 'end'): () => Promise<readonly string[]> {
  const log = new RocksDBLog(path, from)
  log.open()
  open.push(log)
  return async () => {
    const lines: string[] = []
    await log.read((line) => lines.push(line))
    return lines
  }
}

test('each line is delivered once, when it is complete', async () => {
  await writeFile(path, 'one\ntwo\nthr')
  const next = follow('beginning')
  expect(await next()).toEqual(['one', 'two'])
  expect(await next()).toEqual([])
  await appendFile(path, 'ee\n')
  expect(await next()).toEqual(['three'])
})

test('of a store that was open already, only later lines are delivered', async () => {
  await writeFile(path, 'one\ntw')
  const next = follow('end')
  expect(await next()).toEqual([])
  await appendFile(path, 'o\nthree\n')
  expect(await next()).toEqual(['three'])
})

test('a renamed file is still read, and the file in its place is not', async () => {
  await writeFile(path, 'one\n')
  const next = follow('beginning')
  expect(await next()).toEqual(['one'])
  await rename(path, join(folder, 'LOG.old.1'))
  await writeFile(path, 'another process\n')
  await appendFile(join(folder, 'LOG.old.1'), 'two\n')
  expect(await next()).toEqual(['two'])
})

test('a missing file delivers nothing, and can be opened later', async () => {
  const next = follow('beginning')
  expect(await next()).toEqual([])
  await writeFile(path, 'one\n')
  expect(await next()).toEqual([])
  open.at(-1)?.open()
  expect(await next()).toEqual(['one'])
})

test('no line of a truncated file is delivered twice', async () => {
  await writeFile(path, 'one\ntwo\n')
  const next = follow('beginning')
  await next()
  await truncate(path, 0)
  await appendFile(path, 'a\n')
  expect(await next()).toEqual([])
  await appendFile(path, 'b\n')
  expect(await next()).toEqual(['b'])
})

test('one read takes at most four mebibytes', async () => {
  await writeFile(path, `${'x'.repeat(999)}\n`.repeat(10_000))
  const next = follow('beginning')
  const read = [await next(), await next(), await next()].map((lines) => Math.round(lines.length / 100))
  expect(read).toEqual([42, 42, 16])
})

test('after close nothing is delivered', async () => {
  await writeFile(path, 'one\n')
  const next = follow('beginning')
  open.at(-1)?.close()
  open.at(-1)?.open()
  expect(await next()).toEqual([])
})
