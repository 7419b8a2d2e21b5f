import { expect, test } from 'vitest'
import { mergeTables, parseLevelStats, parseTables } from './levels.ts'

const levelStats = `Level Files Size(MB)
--------------------
  0        2        2
  1        0        0
  2       14       19
`

const tables = `--- level 0 --- version# 30 ---
 56:1019645[21001 .. 22000]['6B31303030' seq:21001, type:1 .. '6B31393939' seq:22000, type:1](0)
 53:1019314[20001 .. 21000]['6B30' seq:20001, type:1 .. '6B393939' seq:21000, type:1](0)
--- level 1 --- version# 30 ---
--- level 2 --- version# 30 ---
 9:20373165[1 .. 20000]['6B30' seq:1, type:1 .. '6B39393939' seq:12, type:1](0)
`

test('levelstats has the number of files of each level, and their size in whole mebibytes', () => {
  expect(parseLevelStats(levelStats).levels).toEqual([
    { files: 2, bytes: 2_097_152 },
    { files: 0, bytes: 0 },
    { files: 14, bytes: 19_922_944 },
  ])
})

test('sstables has exact sizes, and the size of each table', () => {
  const { levels, sizes } = parseTables(tables)
  expect(levels).toEqual([
    { files: 2, bytes: 2_038_959 },
    { files: 0, bytes: 0 },
    { files: 1, bytes: 20_373_165 },
  ])
  expect(Object.fromEntries(sizes)).toEqual({ 56: 1_019_645, 53: 1_019_314, 9: 20_373_165 })
})

test('the levels of all column families are added up, even if one has fewer', () => {
  const { levels, sizes } = mergeTables([parseTables(tables), parseTables('--- level 0 --- version# 1 ---\n 60:7[1 .. 1][]\n')])
  expect(levels).toEqual([
    { files: 3, bytes: 2_038_966 },
    { files: 0, bytes: 0 },
    { files: 1, bytes: 20_373_165 },
  ])
  expect(sizes.size).toBe(4)
})

test('empty properties have no levels', () => {
  expect(parseLevelStats('').levels).toEqual([])
  expect(parseTables('').levels).toEqual([])
  expect(mergeTables([]).levels).toEqual([])
})
