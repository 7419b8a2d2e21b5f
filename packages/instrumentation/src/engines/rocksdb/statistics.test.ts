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
rocksdb.memtable.hit COUNT : 12
rocksdb.memtable.miss COUNT : 402
rocksdb.number.reseeks.iteration COUNT : 100
rocksdb.bytes.written COUNT : 605024
rocksdb.bytes.read COUNT : 7
rocksdb.number.multiget.bytes.read COUNT : 30203
rocksdb.db.iter.bytes.read COUNT : 97466
rocksdb.block.cache.bytes.read COUNT : 2429568
rocksdb.db.write.stall P50 : 0.000000 P95 : 0.000000 P99 : 0.000000 P100 : 0.000000 COUNT : 0 SUM : 0
`

test('the counted tickers are found among three hundred lines, and none with a similar name', () => {
  expect(parseStatistics(text)).toEqual({
    cacheHits: 2895,
    cacheMisses: 9673,
    filterUseful: 1051,
    filterPositives: 5014,
    filterTruePositives: 5000,
    stallSeconds: 0.010077,
    memtableHits: 12,
    memtableMisses: 402,
    reseeks: 100,
    readBytes: 127_676,
    writtenBytes: 605_024,
  })
})

test('a false positive is a lookup that passed the filter and found no key', () => {
  expect(filterFalsePositives(parseStatistics(text))).toBe(14)
})

test('missing tickers are unknown', () => {
  const { cacheHits, stallSeconds } = parseStatistics('')
  expect([cacheHits, stallSeconds, filterFalsePositives(parseStatistics(''))]).toEqual([undefined, undefined, undefined])
})
