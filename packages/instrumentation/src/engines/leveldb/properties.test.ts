import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { afterAll, expect, test } from 'vitest'
import { parseSSTables, pendingCompactionBytes, readProperties } from './properties.ts'

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

test('what levels have above their targets is pending, and level 0 from four files on', () => {
  const mebibyte = 1_048_576
  const empty = { files: 0, bytes: 0 }
  const levels = (zero: number, one: number, two: number) => [
    { files: zero, bytes: zero * 2 * mebibyte },
    { files: one, bytes: one * mebibyte },
    { files: two, bytes: two * mebibyte },
    ...Array.from({ length: 4 }, () => empty),
  ]
  expect(pendingCompactionBytes(levels(3, 10, 100))).toBe(0)
  expect(pendingCompactionBytes(levels(4, 10, 100))).toBe(8 * mebibyte)
  expect(pendingCompactionBytes(levels(0, 12, 103))).toBe(5 * mebibyte)
  const lastLevel = [...Array.from({ length: 6 }, () => empty), { files: 1, bytes: 10 ** 15 }]
  expect(pendingCompactionBytes(lastLevel)).toBe(0)
})
