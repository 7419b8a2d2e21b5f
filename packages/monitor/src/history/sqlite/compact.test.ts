import { DatabaseSync } from 'node:sqlite'
import { expect, onTestFinished, test } from 'vitest'
import { TimeSlices } from '../../time/time-slices.ts'
import { readBlocks } from './blocks.ts'
import { compact } from './compact.ts'
import { createMigration } from './schema.ts'

const period = 60_000
const interval = 10_000

/** Opens a database in memory with one sample row every ten seconds: two series, the second with samples in odd rows only. */
function databaseWithRows(rowCount: number): DatabaseSync {
  const database = new DatabaseSync(':memory:')
  onTestFinished(() => database.close())
  database.exec(createMigration(0))
  const insert = database.prepare('INSERT INTO tick (time_ms, samples) VALUES (?, ?)')
  for (let row = 0; row < rowCount; row++) {
    const values = Float64Array.of(row, row % 2 === 1 ? -row : Number.NaN)
    insert.run(row * interval, new Uint8Array(values.buffer))
  }
  return database
}

function countRows(database: DatabaseSync, table: 'tick' | 'chunk'): number {
  return (database.prepare(`SELECT count(*) AS rows FROM ${table}`).get() as { rows: number }).rows
}

/** Returns all stored values of one series, by time. */
async function readSeries(database: DatabaseSync, id: number): Promise<Map<number, number>> {
  const values = new Map<number, number>()
  const fail = (error: unknown): never => {
    throw error
  }
  for await (const block of readBlocks(database, 0, new TimeSlices(), fail)) {
    const index = block.seriesIds.indexOf(id)
    block.timesMs.forEach((timeMs, row) => {
      const value = index === -1 ? Number.NaN : (block.values[index * block.timesMs.length + row] as number)
      if (!Number.isNaN(value)) values.set(timeMs, value)
    })
  }
  return values
}

test('every period that has ended becomes one block, and the rows of the current period stay', async () => {
  const database = databaseWithRows(15)
  await compact(database, 14 * interval, period, () => true)
  expect(countRows(database, 'chunk')).toBe(2)
  expect(countRows(database, 'tick')).toBe(3)
})

test('compaction changes no value', async () => {
  const database = databaseWithRows(15)
  const before = [await readSeries(database, 0), await readSeries(database, 1)]
  await compact(database, 14 * interval, period, () => true)
  expect([await readSeries(database, 0), await readSeries(database, 1)]).toEqual(before)
  expect(before.map(({ size }) => size)).toEqual([15, 7])
})

test('nothing is compacted before its period has ended', async () => {
  const database = databaseWithRows(6)
  await compact(database, period - 1, period, () => true)
  expect(countRows(database, 'chunk')).toBe(0)
  expect(countRows(database, 'tick')).toBe(6)
})

test('compaction that must stop leaves the rows as they are', async () => {
  const database = databaseWithRows(15)
  let checks = 0
  await compact(database, 14 * interval, period, () => ++checks < 3)
  expect(countRows(database, 'chunk')).toBe(0)
  expect(countRows(database, 'tick')).toBe(15)
})
