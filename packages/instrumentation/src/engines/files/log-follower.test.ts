import {
  appendFileSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test } from 'vitest'
import { type FollowedLog, follow, followedLog, realLog } from '../../../test/followed-log.ts'
import { type LineSink, LogFollower, type LogFollowerOptions } from './log-follower.ts'

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

test('each line is delivered once, in order, when it is complete', async () => {
  const { path, read } = log('first\nsecond\nthi')
  expect(await read()).toEqual(['first', 'second'])
  expect(await read()).toEqual([])
  appendFileSync(path, 'rd\n\nfi')
  expect(await read()).toEqual(['third', ''])
  appendFileSync(path, 'fth\r\n')
  expect(await read()).toEqual(['fifth'])
})

test('from the end, only later lines are delivered', async () => {
  const { path, read } = log('old\n', { from: 'end' })
  expect(await read()).toEqual([])
  appendFileSync(path, 'new\n')
  expect(await read()).toEqual(['new'])
  const halfWritten = log('old\nhalf of an old ', { from: 'end' })
  await halfWritten.read()
  appendFileSync(halfWritten.path, 'line\nnew\n')
  expect(await halfWritten.read()).toEqual(['new'])
  const empty = log('', { from: 'end' })
  await empty.read()
  appendFileSync(empty.path, 'new\n')
  expect(await empty.read()).toEqual(['new'])
})

test('multibyte characters stay whole wherever a read ends', async () => {
  const lines = Array.from({ length: 9000 }, (_, index) => `${index} ä€😀${'é'.repeat(index % 7)}`)
  const { read } = log(`${lines.join('\n')}\n`, { bytesPerRead: 70_001, maxLineBytes: 1000 })
  const read1 = await read()
  const read2 = await read()
  const rest = await read()
  expect([...read1, ...read2, ...rest]).toEqual(lines)
  expect([read1.length, read2.length]).not.toContain(0)
})

test('a renamed log is read to its last complete line before the new one', async () => {
  const { path, folder, read, restarts } = log('2026 a\n2026 b\n')
  await read()
  const engine = openSync(path, 'a')
  renameSync(path, join(folder, 'LOG.old'))
  writeSync(engine, '2026 c\n2026 half')
  closeSync(engine)
  writeFileSync(path, '2027 d\n')
  expect(await read()).toEqual(['2026 c', '2027 d'])
  expect(restarts()).toBe(1)
  appendFileSync(path, '2027 e\n')
  expect(await read()).toEqual(['2027 e'])
})

test('a log that is replaced twice and deleted in between continues with the newest file', async () => {
  const { path, read } = log('1 a\n')
  await read()
  const engine = openSync(path, 'a')
  unlinkSync(path)
  expect(await read()).toEqual([])
  writeSync(engine, '1 b\n')
  closeSync(engine)
  expect(await read()).toEqual(['1 b'])
  writeFileSync(path, '2 a\n')
  unlinkSync(path)
  writeFileSync(path, '3 a\n')
  expect(await read()).toEqual(['3 a'])
})

test('an empty file in the place of the log is not followed: the engine may still write the old one', async () => {
  const { path, folder, read } = log('1 a\n')
  await read()
  renameSync(path, join(folder, 'LOG.old'))
  writeFileSync(path, '')
  appendFileSync(join(folder, 'LOG.old'), '1 b\n')
  expect(await read()).toEqual(['1 b'])
  appendFileSync(join(folder, 'LOG.old'), '1 c\n')
  expect(await read()).toEqual(['1 c'])
  appendFileSync(path, '2 a\n')
  expect(await read()).toEqual(['2 a'])
})

test('a new log with the same beginning is followed once the two differ', async () => {
  const { path, read } = log('2026 a\n2026 b\n')
  await read()
  unlinkSync(path)
  writeFileSync(path, '202')
  expect(await read()).toEqual([])
  appendFileSync(path, '7 a\n')
  expect(await read()).toEqual(['2027 a'])
})

test('a copy in the place of the log is not read again', async () => {
  const { path, folder, read } = log('2026 a\n2026 b\n')
  await read()
  copyFileSync(path, join(folder, 'copy'))
  renameSync(join(folder, 'copy'), path)
  appendFileSync(path, '2026 c\n')
  expect(await read()).toEqual(['2026 c'])
})

test('a log that is missing, is a folder, or reappears does not throw', async () => {
  const { path, read, reading } = log()
  rmSync(path)
  expect(await reading()).toEqual({ bytes: 0, isComplete: false, writtenMs: undefined })
  mkdirSync(path)
  expect(await reading()).toMatchObject({ bytes: 0, isComplete: false })
  const later = log()
  rmSync(later.path)
  await later.read()
  writeFileSync(later.path, 'a\n')
  expect(await later.read()).toEqual(['a'])
  expect(await read()).toEqual([])
})

test.runIf(process.platform === 'linux')(
  'a closed follower releases its file, even in the middle of a read, and delivers no more lines',
  async () => {
    const idle = log('a\n')
    await idle.read()
    const busy = log('a\n')
    await busy.read()
    const openFiles = (): string[] => {
      const names = readdirSync('/proc/self/fd').map((name) => join('/proc/self/fd', name))
      const paths = names.filter((name) => existsSync(name)).map((name) => readlinkSync(name))
      return paths.filter((path) => path === idle.path || path === busy.path)
    }
    expect(openFiles().sort()).toEqual([idle.path, busy.path].sort())
    appendFileSync(busy.path, 'b\n')
    const late = busy.reading()
    for (const { follower } of [idle, busy]) follower.close()
    expect(await late).toMatchObject({ bytes: 0 })
    expect([await idle.read(), await busy.read()]).toEqual([[], []])
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(openFiles()).toEqual([])
  },
)

test('a read that could be shorter than a line is rejected', () => {
  expect(() => new LogFollower('LOG', { bytesPerRead: 1000, maxLineBytes: 1000 })).toThrow(
    'bytesPerRead must be more than maxLineBytes, got 1000 and 1000: a read that ends inside a line makes no progress',
  )
})

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

test('lines that were there before are not new if the file could not be opened at first', async () => {
  const followed = log('old\n', { from: 'end' })
  const hidden = `${followed.path}-hidden`
  renameSync(followed.path, hidden)
  // A link to itself cannot be opened, and is not missing.
  symlinkSync(followed.path, followed.path)
  expect(await followed.reading()).toMatchObject({ isComplete: false, failure: { code: 'ELOOP' } })
  expect(followed.follower.hasFile).toBe(false)
  unlinkSync(followed.path)
  renameSync(hidden, followed.path)
  expect(await followed.read()).toEqual([])
  expect(followed.follower.hasFile).toBe(true)
  appendFileSync(followed.path, 'new\n')
  expect(await followed.read()).toEqual(['new'])
})

test('a file that was missing at first is new when it appears', async () => {
  const followed = log('', { from: 'end' })
  unlinkSync(followed.path)
  expect(await followed.reading()).toMatchObject({ isComplete: false, failure: undefined })
  writeFileSync(followed.path, 'new\n')
  expect(await followed.read()).toEqual(['new'])
})
