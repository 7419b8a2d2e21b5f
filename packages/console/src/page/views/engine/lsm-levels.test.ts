import { expect, test } from 'vitest'
import type { InstantSeries } from '../../api/types.ts'
import { arrangeLevels, joinEmptyLevels } from './lsm-levels.ts'

const mebibyte = 2 ** 20

function levels(sizes: readonly (readonly [files: number, bytes: number])[]): InstantSeries[] {
  return sizes.flatMap(([files, bytes], level) => {
    const labels = { store: 'orders', level: `${level}` }
    return [
      { metric: 'db_level_files', labels, value: files },
      { metric: 'db_level_bytes', labels, value: bytes },
    ]
  })
}

test('a LevelDB level is compared with its target, ten times that of the level above', () => {
  const tree = arrangeLevels(
    levels([
      [2, 4 * mebibyte],
      [6, 15 * mebibyte],
      [20, 50 * mebibyte],
      [0, 0],
    ]),
    'leveldb',
  )
  expect(tree?.levels.map(({ targetBytes, fill }) => [targetBytes, fill])).toEqual([
    [undefined, undefined],
    [10 * mebibyte, 1.5],
    [100 * mebibyte, 0.5],
  ])
  expect(tree).toMatchObject({ levelCount: 4, totalFiles: 28, totalBytes: 69 * mebibyte })
})

test('the deepest level of a LevelDB has no target', () => {
  expect(
    arrangeLevels(
      levels([
        [0, 0],
        [1, 2 * mebibyte],
      ]),
      'leveldb',
    )?.levels[1]?.targetBytes,
  ).toBeUndefined()
})

test('a used RocksDB level may have a tenth of the level below, and at least 256 MiB', () => {
  const tree = arrangeLevels(
    levels([
      [1, mebibyte],
      [0, 0],
      [3, 100 * mebibyte],
      [40, 5000 * mebibyte],
      [400, 50_000 * mebibyte],
    ]),
    'rocksdb',
  )
  expect(tree?.levels.map(({ targetBytes }) => targetBytes && targetBytes / mebibyte)).toEqual([
    undefined,
    undefined,
    500,
    5000,
    undefined,
  ])
})

test('an engine with unknown rules has no targets', () => {
  expect(
    arrangeLevels(
      levels([
        [1, 5],
        [1, 5],
      ]),
      'other',
    )?.levels[1],
  ).toEqual({ level: 1, files: 1, bytes: 5, share: 0.5 })
})

test('a store without levels has no tree', () => {
  expect(arrangeLevels([{ metric: 'db_total_disk_bytes', labels: {}, value: 1 }], 'lmdb')).toBeUndefined()
})

test('empty levels between level 0 and the deepest are one row', () => {
  const tree = arrangeLevels(
    levels([
      [0, 0],
      [0, 0],
      [0, 0],
      [4, 9],
    ]),
    'rocksdb',
  )
  expect(joinEmptyLevels(tree?.levels ?? []).map((row) => (row.kind === 'level' ? row.level.level : [row.from, row.to]))).toEqual(
    [0, [1, 2], 3],
  )
})
