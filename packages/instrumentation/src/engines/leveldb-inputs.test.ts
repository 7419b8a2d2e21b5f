import { expect, test } from 'vitest'
import { CompactionInputs } from './leveldb-inputs.ts'

/** Tables by number, each with its size. */
function inputs(tables: Readonly<Record<number, number>>): CompactionInputs {
  const made = new CompactionInputs()
  made.learn(new Map(Object.entries(tables).map(([table, bytes]) => [Number(table), bytes])))
  return made
}

test('a compaction has read the tables that are deleted behind it, and nothing of what goes later', () => {
  const tables = inputs({ 1: 400, 2: 200, 3: 100 })
  tables.ended(2, 300)
  expect([tables.deleted(2), tables.deleted(1), tables.deleted(3)]).toEqual([
    { bytes: 200 },
    { bytes: 400, writeAmplification: 0.5 },
    { bytes: 100 },
  ])
})

test('a table is read once', () => {
  const tables = inputs({ 1: 400 })
  tables.ended(1, 100)
  expect([tables.deleted(1), tables.deleted(1)]).toEqual([{ bytes: 400, writeAmplification: 0.25 }, {}])
})

test('a size that nobody told is not guessed', () => {
  const tables = inputs({ 1: 400 })
  tables.ended(2, 300)
  expect([tables.deleted(1), tables.deleted(2)]).toEqual([{ bytes: 400 }, {}])
})

test("tables that an iterator keeps are added when they go, and no ratio is made of another compaction's tables", () => {
  const tables = inputs({ 1: 400, 2: 200, 3: 100, 4: 100 })
  tables.ended(2, 300)
  expect(tables.deleted(1)).toEqual({ bytes: 400 })
  tables.over()
  tables.ended(2, 300)
  // One of its own is kept, and the one of before goes: as many as it read, and not what it read.
  expect([tables.deleted(2), tables.deleted(3)]).toEqual([{ bytes: 200 }, { bytes: 100 }])
  tables.over()
  expect(tables.deleted(4)).toEqual({ bytes: 100 })
  // Nothing is kept any more.
  tables.add(5, 50)
  tables.ended(1, 50)
  expect(tables.deleted(5)).toEqual({ bytes: 50, writeAmplification: 1 })
})

test("what was kept when the store closed goes when it opens, and stands in nobody's way", () => {
  const tables = inputs({ 1: 400, 2: 200 })
  tables.ended(1, 300)
  tables.restarted()
  expect(tables.deleted(1)).toEqual({ bytes: 400 })
  tables.ended(1, 200)
  expect(tables.deleted(2)).toEqual({ bytes: 200, writeAmplification: 1 })
})

test('tables whose end was missed are forgotten', () => {
  const tables = inputs({})
  for (let table = 0; table < 5000; table++) tables.add(table, 1)
  tables.learn(new Map([[5000, 7]]))
  expect([tables.deleted(3), tables.deleted(5000)]).toEqual([{}, { bytes: 7 }])
})
