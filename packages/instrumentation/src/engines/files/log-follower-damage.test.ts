import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { type FollowedLog, follow, followedLog, realLog } from '../../../test/followed-log.ts'
import type { LineSink, LogFollower, LogFollowerOptions } from './log-follower.ts'

const folders = mkdtempSync(join(tmpdir(), 'log-follower-'))
const followers: LogFollower[] = []
afterEach(() => {
  for (const follower of followers.splice(0)) follower.close()
})
afterAll(() => rmSync(folders, { recursive: true, force: true }))

function log(text: string | Buffer = '', options: LogFollowerOptions = {}): FollowedLog {
  const followed = followedLog(folders, text, options)
  followers.push(followed.follower)
  return followed
}

test('a log that was rewritten in place is read from its beginning', async () => {
  const { path, read, restarts } = log('2026 first\n2026 second\n')
  await read()
  writeFileSync(path, '2027 other\n')
  expect(await read()).toEqual(['2027 other'])
  writeFileSync(path, '2028 longer than the one before it\n2028 b\n')
  expect(await read()).toEqual(['2028 longer than the one before it', '2028 b'])
  expect(restarts()).toBe(2)
})

test('lines continue after the hole that an engine leaves if it writes at its own offset in a truncated file', async () => {
  const { path, read } = log()
  const engine = openSync(path, 'w')
  writeSync(engine, `first\n${'x'.repeat(300_000)}\n`)
  expect(await read()).toEqual(['first'])
  truncateSync(path, 3)
  await read()
  writeSync(engine, 'second\n')
  expect(await read()).toEqual(['second'])
  truncateSync(path, 0)
  writeSync(engine, 'third\n')
  expect(await read()).toEqual(['third'])
  closeSync(engine)
})

test('binary data is split into lines and does not throw', async () => {
  const junk = Buffer.alloc(300_000)
  for (let index = 0, seed = 7; index < junk.length; index++) {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff
    junk[index] = seed >> 16
  }
  const { path, read } = log(junk)
  const ends = junk.filter((byte) => byte === 0x0a).length
  expect(await read()).toHaveLength(ends)
  appendFileSync(path, '\nafter\n')
  expect((await read()).at(-1)).toBe('after')
})

test('a line that is too long is skipped, complete or not, and its neighbors are delivered', async () => {
  const { path, read } = log(`before\n${'x'.repeat(200_000)}`, { maxLineBytes: 1000, bytesPerRead: 100_000 })
  const lines = [...(await read()), ...(await read()), ...(await read())]
  appendFileSync(path, `${'x'.repeat(200_000)}\nafter\n`)
  lines.push(...(await read()), ...(await read()), ...(await read()))
  expect(lines).toEqual(['before', 'after'])
})

test('a log of a hundred megabytes is read in several reads, without losing or repeating a line', async () => {
  const { path, follower } = log()
  const text = `${'y'.repeat(999)}\n`.repeat(1000)
  for (let megabyte = 0; megabyte < 100; megabyte++) appendFileSync(path, text)
  let [lines, reads, isComplete] = [0, 0, false]
  const sink: LineSink = {
    onLine: () => {
      lines++
    },
    onRestart: () => {},
  }
  for (; !isComplete; reads++) {
    const before = lines
    const reading = await follower.read(sink)
    expect(reading.bytes).toBeLessThanOrEqual(1_048_576)
    expect(lines).toBeGreaterThan(before)
    isComplete = reading.isComplete
  }
  expect([lines, reads]).toEqual([100_000, 96])
  expect(await follower.read(sink)).toMatchObject({ bytes: 0, isComplete: true })
})

test("wherever a real store's log ends, is truncated or renamed, no line is repeated and no complete line is lost", async () => {
  const { path, folder } = log()
  const text = await realLog(folders)
  const lines = text.toString().split('\n').slice(0, -1)
  const completeIn = (bytes: number): number => text.subarray(0, bytes).toString().split('\n').length - 1
  const thisYear = text.toString('utf8', 0, 4)
  const inTheNext = (lineOrLines: string): string => lineOrLines.replaceAll(thisYear, `${Number(thisYear) + 1}`)
  for (let cut = 0; cut <= text.length; cut += cut < 300 ? 1 : 17) {
    const { read, follower } = follow(folder)
    // The log grows.
    writeFileSync(path, text.subarray(0, cut))
    expect(await read()).toEqual(lines.slice(0, completeIn(cut)))
    appendFileSync(path, text.subarray(cut))
    expect(await read()).toEqual(lines.slice(completeIn(cut)))
    // The log is truncated and extended.
    truncateSync(path, cut)
    expect(await read()).toEqual([])
    appendFileSync(path, 'one more\n')
    expect(await read()).toEqual(['one more'])
    // The log is renamed in the middle of a line, and another one begins.
    renameSync(path, join(folder, 'LOG.old'))
    appendFileSync(join(folder, 'LOG.old'), 'the last\nhalf')
    writeFileSync(path, inTheNext(text.toString()).slice(0, cut))
    expect(await read()).toEqual(['the last', ...lines.slice(0, completeIn(cut)).map(inTheNext)])
    follower.close()
  }
})
