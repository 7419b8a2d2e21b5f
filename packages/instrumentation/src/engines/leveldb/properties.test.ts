import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterAll, expect, test } from 'vitest'
import { parseSSTables, readProperties } from './properties.ts'

const folder = mkdtempSync(join(tmpdir(), 'leveldb-properties-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('tables are counted by level', () => {
  const text = [
    '--- level 0 ---',
    " 285:1081632['00411460' @ 57478 : 1 .. 'ffedf5be' @ 57059 : 1]",
    '--- level 1 ---',
    " 250:1063259['a' @ 51392 : 1 .. 'b' @ 47833 : 1]",
    " 9:1['c' @ 51392 : 1 .. 'd' @ 47833 : 1]",
    '--- level 2 ---',
    '',
  ].join('\n')
  expect(parseSSTables(text)).toEqual({
    levels: [
      { files: 1, bytes: 1081632 },
      { files: 2, bytes: 1063260 },
      { files: 0, bytes: 0 },
    ],
    tables: new Map([
      [285, 1081632],
      [250, 1063259],
      [9, 1],
    ]),
  })
})

test('an empty property means unknown levels', () => {
  expect(parseSSTables('')).toEqual({ levels: undefined, tables: new Map() })
})

test('a key that looks like a line is not taken for one, and a closed store has no properties', async () => {
  const db = new ClassicLevel(folder)
  await db.put('\n--- level 6 ---\n 77:88[', '1')
  await db.put('\n 99:100[ä', '1')
  await db.compactRange('', '~')
  const properties = readProperties(db)
  expect(properties?.levels).toHaveLength(7)
  expect(properties?.levels?.map(({ files }) => files)).toEqual(
    [0, 1, 2, 3, 4, 5, 6].map((level) => Number(db.getProperty(`leveldb.num-files-at-level${level}`))),
  )
  expect(properties?.tables.size).toBe(1)
  expect(properties?.memoryBytes).toBe(Number(db.getProperty('leveldb.approximate-memory-usage')))
  await db.close()
  expect(readProperties(db)).toBeUndefined()
})
