import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { count, opened, temporaryPath } from '../../../test/history/open-history.ts'
import { TimeSeries } from '../memory/time-series.ts'
import type { HistorySeries } from '../series.ts'
import type { DurableHistory } from './durable-history.ts'

const hour = 3_600_000
const beginning = 1_700_000_000_000 - (1_700_000_000_000 % hour)
const gauge: HistorySeries = { name: 'depth', labels: { store: 'a' }, isCounter: false }

/** Enough ticks for many pages. */
function write(file: DurableHistory): void {
  for (let tick = 0; tick < 350; tick++) file.append(beginning + tick * 10_000, many(tick))
}

function many(value: number) {
  return Array.from({ length: 100 }, (_, index) => ({ series: { ...gauge, labels: { store: String(index) } }, value }))
}

test('a second writer is refused with a sentence, until the first has closed', async () => {
  const path = await temporaryPath()
  const { file } = await opened(path)
  await expect(opened(path)).rejects.toThrow(`${path} is in use by another process`)
  file.close()
  await opened(path)
})

test('a file of a newer version is refused, and stays as it is', async () => {
  const path = await temporaryPath()
  const { file } = await opened(path)
  file.close()
  const database = new DatabaseSync(path)
  database.exec('PRAGMA user_version = 7')
  database.close()
  await expect(opened(path)).rejects.toThrow('has version 7, and this installation knows versions up to 1')
  expect(existsSync(`${path}.damaged`)).toBe(false)
})

test('a database of something else, and a folder that is not there, are refused', async () => {
  const path = await temporaryPath()
  const database = new DatabaseSync(path)
  database.exec('CREATE TABLE orders (id INTEGER)')
  database.close()
  await expect(opened(path)).rejects.toThrow('is a database of something else')
  await expect(opened(join(path, '..', 'no', 'history.db'))).rejects.toThrow('cannot be opened: is its folder there')
})

const damages: Record<string, (path: string) => void> = {
  'garbage at its beginning': (path) =>
    writeFileSync(path, Buffer.concat([Buffer.alloc(4096, 7), readFileSync(path).subarray(4096)])),
  'half of it gone': (path) => truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096),
  'garbage but for its beginning': (path) => {
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(7, 4096))
  },
}

for (const [damage, make] of Object.entries(damages)) {
  test(`a damaged file (${damage}) is set aside, and a fresh one takes its place`, async () => {
    const path = await temporaryPath()
    const first = await opened(path)
    write(first.file)
    first.file.close()
    make(path)
    const { file, logger, counted } = await opened(path)
    expect(logger.lines.map(({ message }) => message)).toContain('the history was damaged, and begins anew')
    expect(counted.failures).toBe(1)
    expect(existsSync(`${path}.damaged`)).toBe(true)
    file.append(beginning + hour * 2, [{ series: gauge, value: 1 }])
    file.close()
    expect(count(path, 'tick')).toBe(1)
  })
}

test('damage that is found while writing is set aside as well, and what was being written then is all that is lost', async () => {
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
  expect(logger.lines.map(({ message }) => message)).toContain('the history was damaged, and begins anew')
  expect(count(path, 'tick')).toBe(1)
})

test('a chunk that cannot be read is counted and left out, and everything else is remembered', async () => {
  const path = await temporaryPath()
  const first = await opened(path, { compactionIntervalMs: 600_000 })
  write(first.file)
  for (let tick = 350; tick < 355; tick++) {
    first.file.append(beginning + tick * 10_000, many(tick))
    await sleep(100)
  }
  first.file.close()
  const chunks = count(path, 'chunk')
  expect(chunks).toBeGreaterThan(3)
  const database = new DatabaseSync(path)
  database.exec('UPDATE chunk SET body = substr(body, 1, length(body) - 9) WHERE id = 2')
  database.close()
  const { file, counted, logger } = await opened(path)
  const history = new TimeSeries()
  await file.restore(history, beginning + 354 * 10_000, 10_000)
  const { values } = history.range({ ...gauge, labels: { store: '7' } }, 0, beginning + hour)
  expect(Array.from(values)).toEqual(Array.from({ length: 355 }, (_, tick) => tick).filter((tick) => tick < 60 || tick >= 120))
  expect(counted.failures).toBe(1)
  expect(logger.lines).toMatchObject([{ level: 'error', message: 'the history cannot use its file' }])
})

test('where the disk has too little room nothing is written, which is counted each time and said once', async () => {
  const path = await temporaryPath()
  const { file, logger, counted } = await opened(path, { minFreeBytes: Number.MAX_SAFE_INTEGER })
  for (let tick = 0; tick < 3; tick++) file.append(beginning + tick, [{ series: gauge, value: tick }])
  expect(file.setMetadata('alerts', '[]')).toBe(false)
  file.close()
  expect(counted.failures).toBe(4)
  expect(logger.lines.map(({ message }) => message)).toEqual(['the history cannot use its file'])
  expect(count(path, 'tick')).toBe(0)
})
