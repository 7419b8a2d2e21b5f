import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { count, opened, temporaryPath } from '../../../test/history/open-history.ts'
import { TimeSeries } from '../memory/time-series.ts'
import type { HistorySeries } from '../series.ts'
import type { DurableHistory } from './durable-history.ts'

const hour = 3_600_000
const beginning = 1_700_000_000_000 - (1_700_000_000_000 % hour)
const gauge: HistorySeries = { name: 'depth', labels: { store: 'a' }, isCounter: false }

/** Writes enough samples for many pages. */
function write(file: DurableHistory): void {
  for (let index = 0; index < 350; index++) file.append(beginning + index * 10_000, samplesOfManySeries(index))
}

function samplesOfManySeries(value: number) {
  return Array.from({ length: 100 }, (_, index) => ({ series: { ...gauge, labels: { store: String(index) } }, value }))
}

test('a file that is in use is rejected, until the first process has closed it', async () => {
  const path = await temporaryPath()
  const { file } = await opened(path)
  await expect(opened(path)).rejects.toThrow(`${path} is in use by another process`)
  file.close()
  await opened(path)
})

test('a file of a newer version is rejected and stays unchanged', async () => {
  const path = await temporaryPath()
  const { file } = await opened(path)
  file.close()
  const database = new DatabaseSync(path)
  database.exec('ALTER TABLE tick ADD COLUMN newer INTEGER; PRAGMA user_version = 7')
  database.close()
  await expect(opened(path)).rejects.toThrow('has version 7, but this release supports versions up to 3')
  expect(existsSync(`${path}.damaged`)).toBe(false)
})

test('a database of another application is rejected and left as it is, and a missing directory is rejected', async () => {
  const path = await temporaryPath()
  const database = new DatabaseSync(path)
  database.exec('CREATE TABLE orders (id INTEGER)')
  database.close()
  chmodSync(path, 0o664)
  const link = `${path}.link`
  symlinkSync(path, link)
  for (const one of [path, link]) await expect(opened(one)).rejects.toThrow('is a database of another application')
  expect(statSync(path).mode & 0o777).toBe(0o664)
  await expect(opened(join(path, '..', 'no', 'history.db'))).rejects.toThrow('cannot be opened: check that its directory exists')
})

const damages: Record<string, (path: string) => void> = {
  'garbage at the start': (path) =>
    writeFileSync(path, Buffer.concat([Buffer.alloc(4096, 7), readFileSync(path).subarray(4096)])),
  truncated: (path) => truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096),
  'garbage after the start': (path) => {
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(7, 4096))
  },
}

const damaged = 'the history file was damaged: it was set aside, and what is whole is in a new one'

/** Returns where a table begins in a closed file. */
function rootPageOf(path: string, table: string): number {
  const database = new DatabaseSync(path)
  const { rootpage } = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table) as { rootpage: number }
  database.close()
  return rootpage
}

for (const [damage, applyDamage] of Object.entries(damages)) {
  test(`a damaged file (${damage}) is set aside, and a new file replaces it`, async () => {
    const path = await temporaryPath()
    const first = await opened(path)
    write(first.file)
    first.file.close()
    applyDamage(path)
    const { file, logger, counted } = await opened(path)
    await file.restore(new TimeSeries(), beginning + hour)
    expect(logger.lines.map(({ message }) => message)).toEqual([damaged])
    expect(counted).toEqual({ failures: 1, damagedParts: expect.any(Number) })
    expect(counted.damagedParts).toBeGreaterThan(0)
    expect(existsSync(`${path}.damaged`)).toBe(true)
    file.append(beginning + hour * 2, [{ series: gauge, value: 1 }])
    expect(file.lastSampleMs(beginning + 3 * hour)).toBe(beginning + 2 * hour)
    file.close()
    const again = await opened(path)
    await again.file.restore(new TimeSeries(), beginning + 3 * hour)
    expect(again.logger.lines).toEqual([])
  })
}

test('a file that turns out damaged during a write is set aside, and only the samples until it is written anew are lost', async () => {
  const path = await temporaryPath()
  const first = await opened(path)
  write(first.file)
  first.file.setMetadata('alerts', '[1]')
  first.file.close()
  const root = rootPageOf(path, 'tick')
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(7, (root - 1) * 4096, root * 4096))
  const { file, logger, counted } = await opened(path)
  file.append(beginning + hour, [{ series: gauge, value: 1 }])
  await file.idle()
  file.append(beginning + hour + 1, [{ series: gauge, value: 2 }])
  expect(file.metadata('alerts')).toBe('[1]')
  expect(file.lastSampleMs(beginning + 2 * hour)).toBe(beginning + hour + 1)
  expect(counted.failures).toBeGreaterThan(0)
  expect(logger.lines.map(({ message }) => message)).toContain(damaged)
})

test('a damaged block is set aside and said, and everything else is restored', async () => {
  const path = await temporaryPath()
  const first = await opened(path, { compactionIntervalMs: 600_000 })
  write(first.file)
  await first.file.idle()
  for (let index = 350; index < 355; index++) {
    first.file.append(beginning + index * 10_000, samplesOfManySeries(index))
    await first.file.idle()
  }
  first.file.close()
  expect(count(path, 'chunk')).toBeGreaterThan(3)
  const database = new DatabaseSync(path)
  database.exec("UPDATE chunk SET body = substr(body, 1, 40) || x'07' || substr(body, 42) WHERE id = 2")
  database.close()
  const { file, counted, logger } = await opened(path)
  const history = new TimeSeries()
  await file.restore(history, beginning + 354 * 10_000)
  const { values } = history.range({ ...gauge, labels: { store: '7' } }, 0, beginning + hour)
  const written = Array.from({ length: 355 }, (_, index) => index)
  expect(Array.from(values)).toEqual(written.filter((index) => index < 60 || index >= 120))
  expect(counted).toEqual({ failures: 1, damagedParts: 1 })
  expect(logger.lines).toMatchObject([
    {
      level: 'error',
      message: damaged,
      fields: {
        setAsideAs: `${path}.damaged`,
        damagedParts: 1,
        lostBlocks: 1,
        keptSamples: 295,
        gaps: [`${new Date(beginning + 590_000).toISOString()}/${new Date(beginning + 1_200_000).toISOString()}`],
      },
    },
  ])
})

test('a missing block, and missing samples, are noticed by the links between rows', async () => {
  for (const deletion of [
    'DELETE FROM chunk WHERE id = 2',
    'DELETE FROM tick WHERE time_ms IN (SELECT max(time_ms) FROM tick)',
  ]) {
    const path = await temporaryPath()
    const first = await opened(path, { compactionIntervalMs: 600_000 })
    write(first.file)
    for (let index = 350; index < 355; index++) {
      await first.file.idle()
      first.file.append(beginning + index * 10_000, samplesOfManySeries(index))
    }
    first.file.close()
    const database = new DatabaseSync(path)
    database.exec(deletion)
    database.close()
    const { file, logger } = await opened(path)
    await file.restore(new TimeSeries(), beginning + 354 * 10_000)
    expect(logger.lines.map(({ message }) => message)).toEqual([damaged])
  }
})

test('a series that is lost does not pass its samples on to the series that gets its place', async () => {
  const path = await temporaryPath()
  const first = await opened(path, { compactionIntervalMs: 600_000 })
  write(first.file)
  await first.file.idle()
  first.file.close()
  const database = new DatabaseSync(path)
  database.exec(`UPDATE series SET labels = '{"store":"other"}' WHERE id = 7`)
  database.close()
  const { file, logger } = await opened(path)
  const history = new TimeSeries()
  await file.restore(history, beginning + 350 * 10_000)
  const newcomer = { ...gauge, labels: { store: 'newcomer' } }
  file.append(beginning + 351 * 10_000, [{ series: newcomer, value: 1 }])
  file.close()
  expect(logger.lines).toMatchObject([{ message: damaged, fields: { lostSeries: 1, keptSamples: 350 } }])
  const again = await opened(path)
  const later = new TimeSeries()
  await again.file.restore(later, beginning + 351 * 10_000)
  expect(later.select('depth', { store: '7' })).toEqual([])
  expect(Array.from(later.range(newcomer, 0, beginning + hour).values)).toEqual([1])
  expect(later.range({ ...gauge, labels: { store: '8' } }, 0, beginning + hour).values).toHaveLength(350)
})

for (const [change, apply] of Object.entries({
  deleted: (path: string) => rmSync(path),
  replaced: (path: string) => {
    writeFileSync(`${path}.other`, readFileSync(path))
    renameSync(`${path}.other`, path)
  },
  overwritten: (path: string) => writeFileSync(path, readFileSync(path).fill(65, 4096)),
})) {
  test(`a file that is ${change} while it is open is noticed, said once and written anew`, async () => {
    const path = await temporaryPath()
    const { file, logger, counted } = await opened(path)
    write(file)
    file.setMetadata('alerts', '[1]')
    apply(path)
    for (let index = 0; index < 5; index++) {
      file.append(beginning + hour + index, [{ series: gauge, value: index }])
      await file.idle()
    }
    expect(counted.failures).toBeGreaterThan(0)
    const said = `the history file was ${change} by something else while it was open: it is written anew`
    expect(logger.lines.filter(({ message }) => message === said)).toHaveLength(1)
    expect(file.metadata('alerts')).toBe('[1]')
    file.close()
    const again = await opened(path)
    expect(again.file.metadata('alerts')).toBe('[1]')
    expect(again.file.lastSampleMs(beginning + 2 * hour)).toBe(beginning + hour + 4)
    await again.file.restore(new TimeSeries(), beginning + 2 * hour)
    expect(again.logger.lines).toEqual([])
  })
}

test('the file and its journal are readable for their owner alone', async () => {
  const path = await temporaryPath()
  const before = process.umask(0o000)
  onTestFinished(() => void process.umask(before))
  const { file } = await opened(path)
  write(file)
  for (const one of [path, `${path}-wal`]) expect(statSync(one).mode & 0o777).toBe(0o600)
  file.close()
  chmodSync(path, 0o644)
  await opened(path)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a link to a missing file is not followed, and a link to another file leaves that as it is', async () => {
  const path = await temporaryPath()
  const target = join(path, '..', 'target')
  symlinkSync(target, path)
  await expect(opened(path)).rejects.toThrow('is a symbolic link to a file that does not exist')
  expect(existsSync(target)).toBe(false)
  writeFileSync(target, 'precious '.repeat(1000))
  const { file } = await opened(path)
  file.append(beginning, [{ series: gauge, value: 1 }])
  file.close()
  expect(readFileSync(target, 'utf8')).toBe('precious '.repeat(1000))
  expect(count(path, 'tick')).toBe(1)
})

test('what is no file, and a directory that is none, are rejected with the reason', async () => {
  const path = await temporaryPath()
  mkdirSync(path)
  await expect(opened(path)).rejects.toThrow(`${path} is not a file: choose another path`)
  writeFileSync(join(path, 'file'), '')
  await expect(opened(join(path, 'file', 'history.db'))).rejects.toThrow('is not a directory')
})

test('a process that ends while a damaged file is written anew leaves the rest to the next one', async () => {
  const path = await temporaryPath()
  const first = await opened(path)
  write(first.file)
  first.file.close()
  renameSync(path, `${path}.damaged`)
  writeFileSync(`${path}.rebuilt`, 'half of it')
  const { file, logger } = await opened(path)
  const history = new TimeSeries()
  await file.restore(history, beginning + 350 * 10_000)
  expect(history.range({ ...gauge, labels: { store: '7' } }, 0, beginning + hour).values).toHaveLength(350)
  expect(logger.lines).toMatchObject([{ message: damaged, fields: { keptSamples: 350 } }])
  expect(existsSync(`${path}.rebuilt`)).toBe(false)
})

test('a damaged journal is said, and everything before it is kept', async () => {
  const path = await temporaryPath()
  const first = await opened(path)
  write(first.file)
  const copy = `${path}.copy`
  writeFileSync(copy, readFileSync(path))
  const journal = readFileSync(`${path}-wal`)
  first.file.close()
  // The journal of a process that was killed, with a damaged page in the middle.
  journal.fill(7, 32 + 10 * 4120 + 24, 32 + 10 * 4120 + 60)
  writeFileSync(`${copy}-wal`, journal)
  const { file, logger, counted } = await opened(copy)
  await file.restore(new TimeSeries(), beginning + 350 * 10_000)
  expect(logger.lines[0]).toMatchObject({
    level: 'error',
    message: 'the journal of the history file was damaged: what was written last is lost, everything before it is kept',
  })
  expect(counted.damagedParts).toBeGreaterThan(0)
  expect(file.lastSampleMs(beginning + hour)).toBeGreaterThan(beginning)
})

test('if the disk has too little free space, nothing is written; each failure is counted, and the first is logged', async () => {
  const path = await temporaryPath()
  const { file, logger, counted } = await opened(path, { minFreeBytes: Number.MAX_SAFE_INTEGER })
  for (let index = 0; index < 3; index++) file.append(beginning + index, [{ series: gauge, value: index }])
  expect(file.setMetadata('alerts', '[]')).toBe(false)
  file.close()
  expect(counted.failures).toBe(4)
  expect(logger.lines.map(({ message }) => message)).toEqual([
    'the history file cannot be used: recent samples are in memory only',
  ])
  expect(count(path, 'tick')).toBe(0)
})
