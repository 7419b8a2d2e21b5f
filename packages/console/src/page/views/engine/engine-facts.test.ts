import { expect, test } from 'vitest'
import type { InstantSeries } from '../../api/types.ts'
import { activeStall, engineFacts } from './engine-facts.ts'

function values(byName: Readonly<Record<string, number>>): InstantSeries[] {
  return Object.entries(byName).map(([metric, value]) => ({ metric, labels: {}, value }))
}

test('only what is known is a fact', () => {
  expect(engineFacts(values({ db_total_disk_bytes: 5, db_open_snapshots: 0 }), [], 'lmdb').map(({ label }) => label)).toEqual([
    'On disk',
    'Open snapshots',
  ])
})

test('amplification and hits are ratios of the growth in the range', () => {
  const growth = values({
    db_flush_bytes_total: 100,
    db_compaction_output_bytes_total: 250,
    db_cache_hits_total: 90,
    db_cache_misses_total: 10,
    db_bloom_filter_useful_total: 99,
    db_bloom_filter_false_positives_total: 1,
    db_background_errors_total: 0,
  })
  expect(engineFacts([], growth, 'rocksdb').map(({ label, value }) => [label, value])).toEqual([
    ['Write amplification', 3.5],
    ['Cache hits', 0.9],
    ['Filter false positives', 0.01],
  ])
})

test('without a flush the write amplification is unknown', () => {
  expect(engineFacts([], values({ db_flush_bytes_total: 0, db_compaction_output_bytes_total: 5 }), 'leveldb')).toEqual([])
})

test('the longest stall that lasts is shown with its cause', () => {
  const state = [
    { metric: 'db_write_stall_active_seconds', labels: { cause: 'memtable' }, value: 0 },
    { metric: 'db_write_stall_active_seconds', labels: { cause: 'level0' }, value: 3 },
  ]
  expect(activeStall(state)).toEqual({ cause: 'level0', seconds: 3 })
  expect(activeStall(state.slice(0, 1))).toBeUndefined()
})
