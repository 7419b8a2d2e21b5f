import type { RowSpec } from '../panel-spec.ts'
import { add, divide, perSecond } from '../query.ts'

const requirement = 'RocksDB reports this only if the store was opened with enableStatistics.'
const hits = perSecond('db_cache_hits_total')
const misses = perSecond('db_cache_misses_total')

/** Efficiency of the block cache and the Bloom filters. */
export const cacheRow: RowSpec = {
  title: 'Block cache and Bloom filters',
  panels: [
    {
      title: 'Block cache hit ratio',
      requirement,
      width: 8,
      series: [{ legend: '{{store}}', query: divide(hits, add(hits, misses)) }],
    },
    {
      title: 'Block cache lookups',
      requirement,
      width: 8,
      series: [
        { legend: '{{store}} hits', query: hits },
        { legend: '{{store}} misses', query: misses },
      ],
    },
    {
      title: 'Bloom filter lookups',
      requirement,
      width: 8,
      series: [
        { legend: '{{store}} avoided', query: perSecond('db_bloom_filter_useful_total') },
        { legend: '{{store}} false positives', query: perSecond('db_bloom_filter_false_positives_total') },
      ],
    },
  ],
}
