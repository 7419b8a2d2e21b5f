import type { ComponentChildren } from 'preact'
import { quantileColor } from '../../charts/colors.ts'
import { RangeChart, type RangeChartProps } from '../../charts/range-chart.tsx'
import { CardGrid } from '../../components/card.tsx'
import type { PointSeries } from '../../data/range-points.ts'
import { quantileName } from '../../format/names.ts'
import { stallCauseName } from './background-work.ts'
import { divideSeries, nameOf, spaceAmplification } from './derive-series.ts'
import { fileLimitsOf } from './lsm-levels.ts'

/** A chart, and the metrics without which it is not drawn. */
interface ChartDefinition extends Omit<RangeChartProps, 'query'> {
  readonly needs: readonly string[]
  /** Whether it is worth nothing while all of its values are 0, because that is how it should be. */
  readonly isUsuallyZero?: boolean
  readonly query: Omit<RangeChartProps['query'], 'metric' | 'labels'> & { readonly labels?: Readonly<Record<string, string>> }
}

interface Section {
  readonly title: string
  readonly charts: readonly ChartDefinition[]
}

const byName = { by: ['__name__'] } as const
const rateByName = { function: 'rate', by: ['__name__'] } as const
/** Several series of a store are those of its processes. */
const sum = { by: [] } as const

const names: Readonly<Record<string, string>> = {
  db_flush_bytes_total: 'flushes write',
  db_compaction_input_bytes_total: 'compactions read',
  db_compaction_output_bytes_total: 'compactions write',
  db_memtable_bytes: 'memtables',
  db_cache_bytes: 'block cache',
  db_buffer_bytes: 'other buffers',
  db_total_memory_bytes: 'memory',
  db_map_bytes: 'map',
  db_map_used_bytes: 'used',
  db_sstable_bytes: 'entries',
  db_free_bytes: 'free pages',
  db_wal_bytes: 'write-ahead log',
  db_wal_checkpointed_bytes: 'copied into the database',
  db_value_log_bytes: 'value log',
  db_total_disk_bytes: 'files of the store',
  db_disk_available_bytes: 'available',
  db_bloom_filter_useful_total: 'look-ups avoided',
  db_bloom_filter_false_positives_total: 'false positives',
  db_reader_slots_used: 'held',
  db_reader_slots: 'slots',
  db_open_iterators: 'iterators',
  db_open_snapshots: 'snapshots',
  db_oldest_iterator_age_seconds: 'iterator',
  db_oldest_snapshot_age_seconds: 'snapshot',
  db_compaction_cpu_seconds_total: 'compactions',
  db_background_cpu_seconds_total: 'all threads of the engine',
  db_read_bytes_total: 'read',
  db_written_bytes_total: 'written',
  db_transaction_commits_total: 'commits',
  db_transaction_aborts_total: 'aborts',
}

function readableName(series: PointSeries): string {
  const name = nameOf(series)
  return names[name] ?? name
}

/** All charts about engines. Each is drawn for the stores that have its metrics. */
function sectionsOf(engine: string | undefined): readonly Section[] {
  const limits = fileLimitsOf(engine)
  return [
    {
      title: 'Tree',
      charts: [
        {
          title: 'Files in level 0',
          subtitle: 'Each of them may have to be read for a get.',
          unit: '{file}',
          needs: ['db_level_files'],
          query: { labels: { level: '0' }, ...sum },
          name: () => 'files',
          thresholds: limits && [
            { value: limits.slowdown, label: `slows writers down: ${limits.slowdown}`, color: '--unhealthy' },
            { value: limits.stop, label: `stops writers: ${limits.stop}` },
          ],
        },
        {
          title: 'Bytes by level',
          unit: 'By',
          needs: ['db_level_bytes'],
          query: { by: ['level'] },
          name: ({ labels }) => `L${labels['level']}`,
          derive: withoutZeros,
          isStacked: true,
        },
        {
          title: 'Bytes written and read in the background',
          unit: 'By/s',
          needs: ['db_flush_bytes_total', 'db_compaction_input_bytes_total', 'db_compaction_output_bytes_total'],
          query: rateByName,
          name: readableName,
        },
        {
          title: 'Write amplification',
          subtitle: 'Bytes written by flushes and compactions for each byte flushed.',
          unit: '1',
          needs: ['db_flush_bytes_total', 'db_compaction_output_bytes_total'],
          // Over a window in which compactions catch up: right after a flush, the ratio means nothing.
          query: { ...rateByName, window: '5m' },
          derive: (series) =>
            divideSeries(series, {
              label: 'write amplification',
              dividend: ['db_flush_bytes_total', 'db_compaction_output_bytes_total'],
              divisor: ['db_flush_bytes_total'],
            }),
        },
        {
          title: 'Space amplification',
          subtitle: 'Bytes in tables for each byte of current entries, as the engine estimates them.',
          unit: '1',
          needs: ['db_sstable_bytes', 'db_live_data_bytes'],
          query: byName,
          derive: (series) =>
            divideSeries(series, {
              label: 'space amplification',
              dividend: ['db_sstable_bytes'],
              divisor: ['db_live_data_bytes'],
            }),
        },
        ...(engine === 'leveldb'
          ? [
              {
                title: 'Space amplification',
                subtitle: 'Bytes of all levels for each byte of the deepest one, which has each key once.',
                unit: '1',
                needs: ['db_level_bytes'],
                query: { by: ['level'] },
                derive: spaceAmplification,
              },
            ]
          : []),
        {
          title: 'Pending compaction',
          subtitle: 'Bytes to be moved before every level is within its target.',
          unit: 'By',
          needs: ['db_compaction_pending_bytes'],
          query: sum,
          name: () => 'pending',
        },
        {
          title: 'Time that writers wait',
          subtitle: 'Share of the time in which the engine slows down or stops writers, by cause.',
          unit: 's/s',
          needs: ['db_write_stall_seconds_total'],
          query: { function: 'rate', by: ['cause'] },
          name: ({ labels }) => stallCauseName(labels['cause'] ?? 'all causes'),
        },
        {
          title: 'Write stalls by cause',
          isUsuallyZero: true,
          unit: '{stall}/s',
          needs: ['db_write_stalls_total'],
          query: { function: 'rate', by: ['cause'] },
          name: ({ labels }) => stallCauseName(labels['cause'] ?? 'all causes'),
        },
        {
          title: 'Duration of compactions',
          unit: 's',
          needs: ['db_compaction_duration_seconds'],
          query: { function: 'quantile', quantile: [0.5, 0.95], by: [], window: '5m' },
          name: ({ quantile = 0 }) => quantileName(quantile),
          color: ({ quantile = 0 }) => quantileColor(quantile),
        },
        {
          title: 'Duration of flushes',
          unit: 's',
          needs: ['db_flush_duration_seconds'],
          query: { function: 'quantile', quantile: [0.5, 0.95], by: [], window: '5m' },
          name: ({ quantile = 0 }) => quantileName(quantile),
          color: ({ quantile = 0 }) => quantileColor(quantile),
        },
        {
          title: 'Full memtables that wait for a flush',
          isUsuallyZero: true,
          unit: '{memtable}',
          needs: ['db_immutable_memtables'],
          query: sum,
          name: () => 'memtables',
        },
        {
          title: 'CPU time in the background',
          subtitle: 'In cores: 100 % is one of them.',
          unit: 's/s',
          needs: ['db_compaction_cpu_seconds_total', 'db_background_cpu_seconds_total'],
          query: rateByName,
          name: readableName,
        },
      ],
    },
    {
      title: 'Cache and filter',
      charts: [
        {
          title: 'Block cache hits',
          subtitle: 'Share of the look-ups of blocks.',
          unit: '%',
          max: 1,
          needs: ['db_cache_hits_total', 'db_cache_misses_total'],
          query: rateByName,
          derive: (series) =>
            divideSeries(series, {
              label: 'hits',
              dividend: ['db_cache_hits_total'],
              divisor: ['db_cache_hits_total', 'db_cache_misses_total'],
            }),
        },
        {
          title: 'Memtable hits',
          subtitle: 'Share of the look-ups of keys that a memtable answered.',
          unit: '%',
          max: 1,
          needs: ['db_memtable_hits_total', 'db_memtable_misses_total'],
          query: rateByName,
          derive: (series) =>
            divideSeries(series, {
              label: 'hits',
              dividend: ['db_memtable_hits_total'],
              divisor: ['db_memtable_hits_total', 'db_memtable_misses_total'],
            }),
        },
        {
          title: 'Bloom filter',
          subtitle: 'Look-ups that it avoided, and those that it let through although the key was absent.',
          unit: '{lookup}/s',
          needs: ['db_bloom_filter_useful_total', 'db_bloom_filter_false_positives_total'],
          query: rateByName,
          name: readableName,
        },
        {
          title: 'Cache hits',
          subtitle: 'Share of the gets that found an entry.',
          unit: '%',
          max: 1,
          needs: ['db_get_hits_total', 'db_get_misses_total'],
          query: rateByName,
          derive: (series) =>
            divideSeries(series, {
              label: 'hits',
              dividend: ['db_get_hits_total'],
              divisor: ['db_get_hits_total', 'db_get_misses_total'],
            }),
        },
        {
          title: 'Evictions',
          subtitle: 'Entries that the cache removed to stay within its limits, or because they expired.',
          unit: '{entry}/s',
          needs: ['db_evictions_total'],
          query: { function: 'rate', by: [] },
          name: () => 'evictions',
        },
        {
          title: 'Seeks repeated by iterators',
          isUsuallyZero: true,
          subtitle: 'To skip deleted or overwritten entries.',
          unit: '{seek}/s',
          needs: ['db_reseeks_total'],
          query: { function: 'rate', by: [] },
          name: () => 'seeks',
        },
        {
          title: 'Bytes read and written by operations',
          unit: 'By/s',
          needs: ['db_read_bytes_total', 'db_written_bytes_total'],
          query: rateByName,
          name: readableName,
        },
      ],
    },
    {
      title: 'Data and readers',
      charts: [
        {
          title: 'Memory map',
          unit: 'By',
          needs: ['db_map_bytes', 'db_map_used_bytes'],
          query: byName,
          name: readableName,
        },
        {
          title: 'Free pages',
          isUsuallyZero: true,
          subtitle: 'Later writes reuse them.',
          unit: 'By',
          needs: ['db_free_bytes'],
          query: sum,
          name: () => 'free',
        },
        {
          title: 'Write-ahead log and checkpoint',
          unit: 'By',
          needs: ['db_wal_bytes', 'db_wal_checkpointed_bytes'],
          query: byName,
          name: readableName,
        },
        {
          title: 'Time lost because the database was locked',
          isUsuallyZero: true,
          unit: 's/s',
          needs: ['db_busy_seconds_total'],
          query: { function: 'rate', by: [] },
          name: () => 'locked',
        },
        {
          title: 'Transactions',
          isUsuallyZero: true,
          unit: '{transaction}/s',
          needs: ['db_transaction_commits_total', 'db_transaction_aborts_total'],
          query: rateByName,
          name: readableName,
        },
        {
          title: 'Slots of the reader table',
          unit: '{slot}',
          needs: ['db_reader_slots_used', 'db_reader_slots'],
          query: byName,
          name: readableName,
        },
        {
          title: 'Open iterators and snapshots',
          isUsuallyZero: true,
          subtitle: 'Each pins the data that it shows.',
          unit: '{iterator}',
          needs: ['db_open_iterators'],
          query: byName,
          name: readableName,
        },
        {
          title: 'Age of the oldest iterator and snapshot',
          isUsuallyZero: true,
          unit: 's',
          needs: ['db_oldest_iterator_age_seconds'],
          query: { by: ['__name__'], aggregate: 'max' },
          name: readableName,
        },
        {
          title: 'Entries',
          unit: '{entry}',
          needs: ['db_entries'],
          query: sum,
          name: () => 'entries',
        },
      ],
    },
    {
      title: 'Memory and disk',
      charts: [
        {
          title: 'Memory',
          subtitle: 'As the engine reports it.',
          unit: 'By',
          needs: ['db_memtable_bytes', 'db_cache_bytes', 'db_buffer_bytes'],
          query: byName,
          name: readableName,
          isStacked: true,
        },
        ...(engine === 'rocksdb'
          ? []
          : [
              {
                title: 'Memory',
                subtitle: 'Memtables and block cache: the engine reports only their sum.',
                unit: 'By',
                needs: ['db_total_memory_bytes'],
                query: sum,
                name: () => 'memory',
              },
            ]),
        {
          title: 'Size on disk',
          unit: 'By',
          needs: ['db_total_disk_bytes'],
          query: byName,
          name: readableName,
        },
        {
          title: 'Available on the volume',
          unit: 'By',
          needs: ['db_disk_available_bytes'],
          query: { by: [], aggregate: 'min' },
          name: () => 'available',
        },
        {
          title: 'Errors in the background',
          isUsuallyZero: true,
          unit: '{error}/s',
          needs: ['db_background_errors_total'],
          query: { function: 'rate', by: [] },
          name: () => 'errors',
        },
      ],
    },
  ]
}

function withoutZeros(series: readonly PointSeries[]): readonly PointSeries[] {
  return series.filter(({ points }) => points.some(([, value]) => value > 0))
}

function keepUnlessZero(series: readonly PointSeries[]): readonly PointSeries[] {
  return withoutZeros(series).length === 0 ? [] : series
}

/** The charts of what an engine can tell. */
export function EngineCharts({
  store,
  engine,
  metrics,
}: {
  readonly store: string
  readonly engine: string | undefined
  readonly metrics: readonly string[]
}): ComponentChildren {
  const known = new Set(metrics)
  return sectionsOf(engine).map(({ title, charts }) => {
    const shown = charts.filter(({ needs }) => needs.every((metric) => known.has(metric)))
    if (shown.length === 0) return null
    return (
      <section key={title} class="engine-section" aria-label={title}>
        <h2 class="section-title">{title}</h2>
        <CardGrid size="wide">
          {shown.map(({ needs, isUsuallyZero, query, ...props }) => (
            <RangeChart
              key={`${props.title} ${needs.join()}`}
              {...props}
              {...(isUsuallyZero && { derive: keepUnlessZero, isHiddenIfEmpty: true })}
              query={{ ...query, metric: metricsOf(needs, known), labels: { store, ...query.labels } }}
            />
          ))}
        </CardGrid>
      </section>
    )
  })
}

/** Snapshots are drawn beside iterators, by the engines that have them. */
const companions: Readonly<Record<string, string>> = {
  db_open_iterators: 'db_open_snapshots',
  db_oldest_iterator_age_seconds: 'db_oldest_snapshot_age_seconds',
}

function metricsOf(needs: readonly string[], known: ReadonlySet<string>): readonly string[] {
  return needs.flatMap((metric) => {
    const companion = companions[metric]
    return companion !== undefined && known.has(companion) ? [metric, companion] : [metric]
  })
}
