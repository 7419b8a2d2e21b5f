import type { MetricName } from '@wombat/instrumentation'
import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge, latency, over, perSecond, plus } from '../query.ts'

const gaugePanel = (title: string, name: MetricName, width = 8): PanelSpec => ({
  title,
  width,
  series: [{ legend: '{{store}}', query: gauge('sum', name) }],
})

const quantiles = (name: MetricName) => [0.5, 0.99].map((q) => ({ legend: `{{store}} P${q * 100}`, query: latency(q, name) }))

/** What waits to be written or rewritten. */
export const backlogRow: RowSpec = {
  title: 'Compaction and flushes: do they keep up?',
  panels: [
    { ...gaugePanel('Bytes that compaction has still to rewrite', 'db_compaction_pending_bytes'), rules: ['CompactionLag'] },
    gaugePanel('Running compactions', 'db_compactions_running'),
    gaugePanel('Full memtables that wait', 'db_immutable_memtables'),
    { title: 'Flushes', width: 8, series: [{ legend: '{{store}}', query: perSecond('db_flush_operations_total') }] },
    { title: 'Bytes flushed', width: 8, series: [{ legend: '{{store}}', query: perSecond('db_flush_bytes_total') }] },
    { title: 'Time of a flush', width: 8, series: quantiles('db_flush_duration_seconds') },
  ],
}

export const memoryRow: RowSpec = {
  title: 'Memory of the engine',
  panels: [
    gaugePanel('All that the engine counts', 'db_total_memory_bytes', 6),
    gaugePanel('Memtables', 'db_memtable_bytes', 6),
    gaugePanel('Block cache', 'db_cache_bytes', 6),
    gaugePanel('Other buffers', 'db_buffer_bytes', 6),
  ],
}

const needs = 'RocksDB counts this where the store was opened with enableStatistics.'
const hits = perSecond('db_cache_hits_total')
const misses = perSecond('db_cache_misses_total')
const useful = perSecond('db_bloom_filter_useful_total')
const useless = perSecond('db_bloom_filter_false_positives_total')

export const readsRow: RowSpec = {
  title: 'Reads: cache and bloom filters',
  panels: [
    {
      title: 'Share of lookups that the cache answers',
      needs,
      width: 8,
      series: [{ legend: '{{store}}', query: over(hits, plus(hits, misses)) }],
    },
    {
      title: 'Cache lookups',
      needs,
      width: 8,
      series: [
        { legend: '{{store}} hits', query: hits },
        { legend: '{{store}} misses', query: misses },
      ],
    },
    {
      title: 'Lookups and bloom filters',
      needs,
      width: 8,
      series: [
        { legend: '{{store}} saved', query: useful },
        { legend: '{{store}} let through for nothing', query: useless },
      ],
    },
  ],
}
