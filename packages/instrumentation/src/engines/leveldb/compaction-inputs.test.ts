import { expect, test } from 'vitest'
import { CompactionInputs } from './compaction-inputs.ts'

/** Sizes of tables, by number. */
function createInputs(tables: Readonly<Record<number, number>>): CompactionInputs {
  const made = new CompactionInputs()
  made.updateTables(new Map(Object.entries(tables).map(([table, bytes]) => [Number(table), bytes])))
  return made
}

test('a compaction has read the tables that are deleted right after it, not those deleted later', () => {
  const tables = createInputs({ 1: 400, 2: 200, 3: 100 })
  tables.onCompactionEnd(2, 300)
  expect([tables.onTableDeleted(2), tables.onTableDeleted(1), tables.onTableDeleted(3)]).toEqual([
    { bytes: 200 },
    { bytes: 400, compaction: { inputBytes: 600, outputBytes: 300 } },
    { bytes: 100 },
  ])
})

test('a table counts as input once', () => {
  const tables = createInputs({ 1: 400 })
  tables.onCompactionEnd(1, 100)
  expect([tables.onTableDeleted(1), tables.onTableDeleted(1)]).toEqual([
    { bytes: 400, compaction: { inputBytes: 400, outputBytes: 100 } },
    {},
  ])
})

test('an unknown size stays unknown', () => {
  const tables = createInputs({ 1: 400 })
  tables.onCompactionEnd(2, 300)
  expect([tables.onTableDeleted(1), tables.onTableDeleted(2)]).toEqual([{ bytes: 400 }, {}])
})

test("tables kept by an iterator count when they are deleted, and never in another compaction's write amplification", () => {
  const tables = createInputs({ 1: 400, 2: 200, 3: 100, 4: 100 })
  tables.onCompactionEnd(2, 300)
  expect(tables.onTableDeleted(1)).toEqual({ bytes: 400 })
  tables.endDeletions()
  tables.onCompactionEnd(2, 300)
  // One of its own tables is kept, and one of the earlier compaction is deleted: the number matches, the tables do not.
  expect([tables.onTableDeleted(2), tables.onTableDeleted(3)]).toEqual([{ bytes: 200 }, { bytes: 100 }])
  tables.endDeletions()
  expect(tables.onTableDeleted(4)).toEqual({ bytes: 100 })
  // All delayed deletions are done.
  tables.addTable(5, 50)
  tables.onCompactionEnd(1, 50)
  expect(tables.onTableDeleted(5)).toEqual({ bytes: 50, compaction: { inputBytes: 50, outputBytes: 50 } })
})

test('tables kept when the store closed are gone after it opens, and do not disturb the next compaction', () => {
  const tables = createInputs({ 1: 400, 2: 200 })
  tables.onCompactionEnd(1, 300)
  tables.onRestart()
  expect(tables.onTableDeleted(1)).toEqual({ bytes: 400 })
  tables.onCompactionEnd(1, 200)
  expect(tables.onTableDeleted(2)).toEqual({ bytes: 200, compaction: { inputBytes: 200, outputBytes: 200 } })
})

test('tables with a missed deletion are dropped', () => {
  const tables = createInputs({})
  for (let table = 0; table < 5000; table++) tables.addTable(table, 1)
  tables.updateTables(new Map([[5000, 7]]))
  expect([tables.onTableDeleted(3), tables.onTableDeleted(5000)]).toEqual([{}, { bytes: 7 }])
})
