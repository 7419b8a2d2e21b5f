import { sumKnown } from '../sum-known.ts'

/** What RocksDB has counted since it was opened, if its statistics are enabled. */
export interface RocksDBStatistics {
  readonly cacheHits: number | undefined
  readonly cacheMisses: number | undefined
  /** Lookups that passed a filter, and those of them that found their key. */
  readonly filterPositives: number | undefined
  readonly filterTruePositives: number | undefined
  readonly filterUseful: number | undefined
  readonly stallSeconds: number | undefined
  readonly memtableHits: number | undefined
  readonly memtableMisses: number | undefined
  readonly reseeks: number | undefined
  /** By gets and iterators. */
  readonly readBytes: number | undefined
  readonly writtenBytes: number | undefined
}

const tickers = {
  'block.cache.hit': 'cacheHits',
  'block.cache.miss': 'cacheMisses',
  'bloom.filter.full.positive': 'filterPositives',
  'bloom.filter.full.true.positive': 'filterTruePositives',
  'bloom.filter.useful': 'filterUseful',
  'stall.micros': 'stallMicros',
  'memtable.hit': 'memtableHits',
  'memtable.miss': 'memtableMisses',
  'number.reseeks.iteration': 'reseeks',
  'bytes.written': 'writtenBytes',
  // A get of the binding is a get of many keys to the engine.
  'number.multiget.bytes.read': 'getManyBytes',
  'bytes.read': 'getBytes',
  'db.iter.bytes.read': 'iteratorBytes',
} as const

const names = Object.keys(tickers).map((name) => name.replaceAll('.', '\\.'))
const tickerPattern = new RegExp(`^rocksdb\\.(${names.join('|')}) COUNT : (\\d+)$`, 'gm')

/** Parses the property `rocksdb.options-statistics`: about 300 lines of tickers and histograms. */
export function parseStatistics(text: string): RocksDBStatistics {
  const counts: Partial<Record<(typeof tickers)[keyof typeof tickers], number>> = {}
  for (const [, ticker, count] of text.matchAll(tickerPattern)) counts[tickers[ticker as keyof typeof tickers]] = Number(count)
  const { stallMicros, getManyBytes, getBytes, iteratorBytes } = counts
  return {
    cacheHits: counts.cacheHits,
    cacheMisses: counts.cacheMisses,
    filterPositives: counts.filterPositives,
    filterTruePositives: counts.filterTruePositives,
    filterUseful: counts.filterUseful,
    stallSeconds: stallMicros === undefined ? undefined : stallMicros / 1e6,
    memtableHits: counts.memtableHits,
    memtableMisses: counts.memtableMisses,
    reseeks: counts.reseeks,
    readBytes: sumKnown(getManyBytes, getBytes, iteratorBytes),
    writtenBytes: counts.writtenBytes,
  }
}

/** Returns the lookups that passed a filter and found no key; undefined if either count is. */
export function filterFalsePositives({ filterPositives, filterTruePositives }: RocksDBStatistics): number | undefined {
  if (filterPositives === undefined || filterTruePositives === undefined) return undefined
  return Math.max(0, filterPositives - filterTruePositives)
}
