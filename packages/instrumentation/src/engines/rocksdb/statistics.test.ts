import { expect, test } from 'vitest'
import { filterFalsePositives, parseStatistics } from './statistics.ts'

const text = `rocksdb.block.cache.miss COUNT : 9673
rocksdb.block.cache.hit COUNT : 2895
rocksdb.block.cache.index.miss COUNT : 21
rocksdb.sim.block.cache.hit COUNT : 5
rocksdb.bloom.filter.useful COUNT : 1051
rocksdb.bloom.filter.full.positive COUNT : 5014
rocksdb.bloom.filter.full.true.positive COUNT : 5000
rocksdb.stall.micros COUNT : 10077
rocksdb.db.write.stall P50 : 0.000000 P95 : 0.000000 P99 : 0.000000 P100 : 0.000000 COUNT : 0 SUM : 0
`

test('of some three hundred lines those that we count are found, and no others of a similar name', () => {
  expect(parseStatistics(text)).toEqual({
    cacheHits: 2895,
    cacheMisses: 9673,
    filterUseful: 1051,
    filterPositives: 5014,
    filterTruePositives: 5000,
    stallSeconds: 0.010077,
  })
})

test('a filter was wrong where it let a lookup through that found nothing', () => {
  expect(filterFalsePositives(parseStatistics(text))).toBe(14)
})

test('what is not there is unknown', () => {
  const { cacheHits, stallSeconds } = parseStatistics('')
  expect([cacheHits, stallSeconds, filterFalsePositives(parseStatistics(''))]).toEqual([undefined, undefined, undefined])
})
