import { expect, test } from 'vitest'
import { CompactionInputs } from './compaction-inputs.ts'

/** Tables by number, each with its size. */
function inputs(tables: Readonly<Record<number, number>>): CompactionInputs {
  const made = new CompactionInputs()
  made.updateTables(new Map(Object.entries(tables).map(([table, bytes]) => [Number(table), bytes])))
  return made
}

test('a compaction has read the tables that are deleted behind it, and nothing of what goes later', () => {
  const tables = inputs({ 1: 400, 2: 200, 3: 100 })
  tables.onCompactionEnd(2, 300)
  expect([tables.onTableDeleted(2), tables.onTableDeleted(1), tables.onTableDeleted(3)]).toEqual([
    { bytes: 200 },
    { bytes: 400, writeAmplification: 0.5 },
    { bytes: 100 },
  ])
})

test('a table is read once', () => {
  const tables = inputs({ 1: 400 })
  tables.onCompactionEnd(1, 100)
  expect([tables.onTableDeleted(1), tables.onTableDeleted(1)]).toEqual([{ bytes: 400, writeAmplification: 0.25 }, {}])
})

test('a size that nobody told is not guessed', () => {
  const tables = inputs({ 1: 400 })
  tables.onCompactionEnd(2, 300)
  expect([tables.onTableDeleted(1), tables.onTableDeleted(2)]).toEqual([{ bytes: 400 }, {}])
})

test("tables that an iterator keeps are added when they go, and no ratio is made of another compaction's tables", () => {
  const tables = inputs({ 1: 400, 2: 200, 3: 100, 4: 100 })
  tables.onCompactionEnd(2, 300)
  expect(tables.onTableDeleted(1)).toEqual({ bytes: 400 })
  tables.endDeletions()
  tables.onCompactionEnd(2, 300)
  // One of its own is kept, and the one of before goes: as many as it read, and not what it read.
  expect([tables.onTableDeleted(2), tables.onTableDeleted(3)]).toEqual([{ bytes: 200 }, { bytes: 100 }])
  tables.endDeletions()
  expect(tables.onTableDeleted(4)).toEqual({ bytes: 100 })
  // Nothing is kept any more.
  tables.addTable(5, 50)
  tables.onCompactionEnd(1, 50)
  expect(tables.onTableDeleted(5)).toEqual({ bytes: 50, writeAmplification: 1 })
})

test("what was kept when the store closed goes when it opens, and stands in nobody's way", () => {
  const tables = inputs({ 1: 400, 2: 200 })
  tables.onCompactionEnd(1, 300)
  tables.onRestart()
  expect(tables.onTableDeleted(1)).toEqual({ bytes: 400 })
  tables.onCompactionEnd(1, 200)
  expect(tables.onTableDeleted(2)).toEqual({ bytes: 200, writeAmplification: 1 })
})

test('tables whose end was missed are forgotten', () => {
  const tables = inputs({})
  for (let table = 0; table < 5000; table++) tables.addTable(table, 1)
  tables.updateTables(new Map([[5000, 7]]))
  expect([tables.onTableDeleted(3), tables.onTableDeleted(5000)]).toEqual([{}, { bytes: 7 }])
})
