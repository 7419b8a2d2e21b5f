import type { InstantSeries } from '../../api/types.ts'
import { arrangeLevels } from './lsm-levels.ts'
import { ratioOf, sumOf, totalOf } from './numbers.ts'

/** One number about an engine. */
export interface Fact {
  readonly label: string
  readonly value: number
  readonly unit: string
  readonly description?: string
  /** Whether it should not be so. */
  readonly isBad?: boolean
}

/** The gauges that the state of an engine is read from. */
export const stateMetrics = [
  'db_level_files',
  'db_level_bytes',
  'db_memtable_bytes',
  'db_cache_bytes',
  'db_buffer_bytes',
  'db_total_memory_bytes',
  'db_immutable_memtables',
  'db_sstable_bytes',
  'db_value_log_bytes',
  'db_wal_bytes',
  'db_wal_checkpointed_bytes',
  'db_total_disk_bytes',
  'db_free_bytes',
  'db_map_bytes',
  'db_map_used_bytes',
  'db_entries',
  'db_disk_available_bytes',
  'db_disk_capacity_bytes',
  'db_compaction_pending_bytes',
  'db_compactions_running',
  'db_live_data_bytes',
  'db_live_versions',
  'db_open_snapshots',
  'db_open_iterators',
  'db_reader_slots',
  'db_reader_slots_used',
  'db_write_stall_active_seconds',
] as const

/** The counters whose growth over the range is read. */
export const growthMetrics = [
  'db_flush_bytes_total',
  'db_compaction_output_bytes_total',
  'db_cache_hits_total',
  'db_cache_misses_total',
  'db_get_hits_total',
  'db_get_misses_total',
  'db_bloom_filter_useful_total',
  'db_bloom_filter_false_positives_total',
  'db_evictions_total',
  'db_background_errors_total',
] as const

/** Returns the numbers about an engine that are known, the most important first. `growth` is the increase of counters over the range. */
export function engineFacts(
  state: readonly InstantSeries[],
  growth: readonly InstantSeries[],
  engine: string | undefined,
): readonly Fact[] {
  const now = (metric: (typeof stateMetrics)[number]): number | undefined => totalOf(state, metric)
  const grown = (metric: (typeof growthMetrics)[number]): number | undefined => totalOf(growth, metric)
  const flushed = grown('db_flush_bytes_total')
  const useful = grown('db_bloom_filter_useful_total')
  const hits = grown('db_cache_hits_total') ?? grown('db_get_hits_total')
  const misses = grown('db_cache_misses_total') ?? grown('db_get_misses_total')
  const errors = grown('db_background_errors_total')
  const facts: readonly (Omit<Fact, 'value'> & { readonly value: number | undefined })[] = [
    { label: 'On disk', value: now('db_total_disk_bytes'), unit: 'By', description: 'All files of the store' },
    { label: 'Memory', value: now('db_total_memory_bytes'), unit: 'By', description: 'As the engine reports it' },
    { label: 'Entries', value: now('db_entries'), unit: '{entry}', description: 'As the engine counts or estimates them' },
    {
      label: 'Write amplification',
      value: ratioOf(sumOf(flushed, grown('db_compaction_output_bytes_total')), flushed),
      unit: '1',
      description: 'Bytes written by flushes and compactions for each byte flushed, over the range',
    },
    {
      label: 'Space amplification',
      value: readSpaceAmplification(state, engine),
      unit: '1',
      description: 'Bytes in tables for each byte of current entries, as far as the engine can tell',
    },
    {
      label: 'Pending compaction',
      value: now('db_compaction_pending_bytes'),
      unit: 'By',
      description: 'Bytes to be moved before every level is within its target',
    },
    { label: 'Cache hits', value: ratioOf(hits, sumOf(hits, misses)), unit: '%', description: 'Of the look-ups in the range' },
    {
      label: 'Evictions',
      value: grown('db_evictions_total'),
      unit: '{entry}',
      description: 'Entries that the cache removed in the range',
    },
    {
      label: 'Filter false positives',
      value: readFalsePositives(useful, grown('db_bloom_filter_false_positives_total')),
      unit: '%',
      description: 'Of the look-ups for absent keys in the range, how many the Bloom filter let through',
    },
    {
      label: 'Open iterators',
      value: now('db_open_iterators'),
      unit: '{iterator}',
      description: 'Each pins the files that it reads',
    },
    {
      label: 'Open snapshots',
      value: now('db_open_snapshots'),
      unit: '{snapshot}',
      description: 'Each pins the data that it shows',
    },
    {
      label: 'Background errors',
      // Nobody misses the errors that did not occur.
      value: errors !== undefined && errors > 0 ? Math.ceil(errors) : undefined,
      unit: '{error}',
      description: 'Errors in the work of the engine in the range',
      isBad: true,
    },
  ]
  return facts.flatMap(({ value, ...fact }) => (value === undefined ? [] : [{ ...fact, value }]))
}

/** From the estimate of the engine if it has one, else from its levels. */
function readSpaceAmplification(state: readonly InstantSeries[], engine: string | undefined): number | undefined {
  const estimated = ratioOf(totalOf(state, 'db_sstable_bytes'), totalOf(state, 'db_live_data_bytes'))
  if (estimated !== undefined) return estimated
  const tree = arrangeLevels(state, engine)
  const deepest = tree?.levels.findLast(({ bytes }) => bytes > 0)
  // The files of level 0 overlap, so that nothing is known while all data is there.
  return deepest === undefined || deepest.level === 0 ? undefined : ratioOf(tree?.totalBytes, deepest.bytes)
}

function readFalsePositives(useful: number | undefined, falsePositives: number | undefined): number | undefined {
  return ratioOf(falsePositives, sumOf(useful, falsePositives))
}

/** The stall of writers that lasts now. */
export interface ActiveStall {
  readonly seconds: number
  readonly cause?: string
}

/** Returns the stall that lasts longest of those that last; undefined if writers do not wait. */
export function activeStall(state: readonly InstantSeries[]): ActiveStall | undefined {
  const stalls = state.flatMap(({ metric, labels, value }): ActiveStall[] => {
    if (metric !== 'db_write_stall_active_seconds' || typeof value !== 'number' || value <= 0) return []
    return [{ seconds: value, ...(labels['cause'] !== undefined && { cause: labels['cause'] }) }]
  })
  return stalls.sort((a, b) => b.seconds - a.seconds)[0]
}
