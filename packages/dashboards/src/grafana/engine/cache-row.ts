import type { RowSpec } from '../panel-spec.ts'
import { add, divide, perSecond } from '../query.ts'

const requirement = 'RocksDB reports this only if the store was opened with enableStatistics.'
const hits = perSecond('db_cache_hits_total')
const misses = perSecond('db_cache_misses_total')
const memtableHits = perSecond('db_memtable_hits_total')

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
    {
      title: 'Memtable hit ratio',
      requirement,
      width: 8,
      series: [{ legend: '{{store}}', query: divide(memtableHits, add(memtableHits, perSecond('db_memtable_misses_total'))) }],
    },
    {
      title: 'Iterator reseeks',
      requirement,
      width: 8,
      series: [{ legend: '{{store}}', query: perSecond('db_reseeks_total') }],
      note: 'Many deleted or overwritten entries lie between those that are read.',
    },
    {
      title: 'Bytes read and written by operations',
      requirement,
      width: 8,
      series: [
        { legend: '{{store}} read', query: perSecond('db_read_bytes_total') },
        { legend: '{{store}} written', query: perSecond('db_written_bytes_total') },
      ],
    },
  ],
}
