import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
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
  database.exec('PRAGMA user_version = 7')
  database.close()
  await expect(opened(path)).rejects.toThrow('has version 7, but this release supports versions up to 2')
  expect(existsSync(`${path}.damaged`)).toBe(false)
})

test('a database of another application is rejected, and so is a missing directory', async () => {
  const path = await temporaryPath()
  const database = new DatabaseSync(path)
  database.exec('CREATE TABLE orders (id INTEGER)')
  database.close()
  await expect(opened(path)).rejects.toThrow('is a database of another application')
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

for (const [damage, applyDamage] of Object.entries(damages)) {
  test(`a damaged file (${damage}) is renamed, and a new file replaces it`, async () => {
    const path = await temporaryPath()
    const first = await opened(path)
    write(first.file)
    first.file.close()
    applyDamage(path)
    const { file, logger, counted } = await opened(path)
    expect(logger.lines.map(({ message }) => message)).toContain(
      'the history file was damaged: it was renamed, and a new file was created',
    )
    expect(counted.failures).toBe(1)
    expect(existsSync(`${path}.damaged`)).toBe(true)
    file.append(beginning + hour * 2, [{ series: gauge, value: 1 }])
    file.close()
    expect(count(path, 'tick')).toBe(1)
  })
}

test('a file that turns out damaged during a write is renamed, and only the samples of that write are lost', async () => {
  const path = await temporaryPath()
  const first = await opened(path)
  write(first.file)
  first.file.close()
  const database = new DatabaseSync(path)
  const { rootpage } = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'tick'").get() as { rootpage: number }
  database.close()
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(7, (rootpage - 1) * 4096, rootpage * 4096))
  const { file, logger, counted } = await opened(path)
  file.append(beginning + hour, [{ series: gauge, value: 1 }])
  file.append(beginning + hour + 1, [{ series: gauge, value: 2 }])
  file.close()
  expect(counted.failures).toBeGreaterThan(0)
  expect(logger.lines.map(({ message }) => message)).toContain(
    'the history file was damaged: it was renamed, and a new file was created',
  )
  expect(count(path, 'tick')).toBe(1)
})

test('a block that cannot be read is counted and skipped, and everything else is restored', async () => {
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
  database.exec('UPDATE chunk SET body = substr(body, 1, length(body) - 9) WHERE id = 2')
  database.close()
  const { file, counted, logger } = await opened(path)
  const history = new TimeSeries()
  await file.restore(history, beginning + 354 * 10_000)
  const { values } = history.range({ ...gauge, labels: { store: '7' } }, 0, beginning + hour)
  const written = Array.from({ length: 355 }, (_, index) => index)
  expect(Array.from(values)).toEqual(written.filter((index) => index < 60 || index >= 120))
  expect(counted.failures).toBe(1)
  expect(logger.lines).toMatchObject([
    { level: 'error', message: 'the history file cannot be used: recent samples are in memory only' },
  ])
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
