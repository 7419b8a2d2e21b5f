import type { PanelSeries, PanelSpec, RowSpec } from '../panel-spec.ts'
import { aboveZero, gauge, latency, mapExpression, or, over, perSecond, plus, type Query } from '../query.ts'
import { plain } from '../units.ts'

const quantiles = (
  name: 'db_compaction_duration_seconds' | 'db_compaction_write_amplification' | 'db_space_reclaim_duration_seconds',
) => [0.5, 0.99].map((q): PanelSeries => ({ legend: `{{store}} P${q * 100}`, query: latency(q, name) }))

const flushed = perSecond('db_flush_bytes_total')
const writeAmplification = over(plus(flushed, perSecond('db_compaction_output_bytes_total')), aboveZero(flushed), plain)

/** Levels of LevelDB and RocksDB below level 0, from the deepest. */
const deepestFirst = ['6', '5', '4', '3', '2', '1']

/** The deepest level that holds something. What is asked for first wins. */
const deepest = or(
  ...deepestFirst.map((level): Query => {
    return mapExpression(gauge('sum', 'db_level_bytes', { where: { level } }), (text) => `(${text} > 0)`)
  }),
)
const spaceAmplification = over(gauge('sum', 'db_level_bytes'), deepest, plain)

const panels: readonly PanelSpec[] = [
  {
    title: 'Bytes that compaction reads and writes',
    width: 8,
    series: [
      { legend: '{{store}} reads', query: perSecond('db_compaction_input_bytes_total') },
      { legend: '{{store}} writes', query: perSecond('db_compaction_output_bytes_total') },
    ],
  },
  {
    title: 'Files that compaction reads and writes',
    width: 8,
    series: [
      { legend: '{{store}} reads', query: perSecond('db_compaction_input_files_total') },
      { legend: '{{store}} writes', query: perSecond('db_compaction_output_files_total') },
    ],
  },
  { title: 'Compactions', width: 8, series: [{ legend: '{{store}}', query: perSecond('db_compaction_operations_total') }] },
  { title: 'Time of a compaction', width: 8, series: quantiles('db_compaction_duration_seconds') },
  { title: 'Write amplification of one compaction', width: 8, series: quantiles('db_compaction_write_amplification') },
  {
    title: 'Write amplification',
    width: 8,
    series: [{ legend: '{{store}}', query: writeAmplification }],
    note: 'Bytes that flushes and compactions wrote, for each byte that was flushed.',
  },
  {
    title: 'Space amplification',
    width: 6,
    series: [{ legend: '{{store}}', query: spaceAmplification }],
    note: 'Bytes of all levels over those of the deepest, which holds each key once. Unknown while all is in level 0.',
  },
  {
    title: 'Space reclaimed',
    width: 6,
    series: [{ legend: '{{store}}', query: perSecond('db_space_reclaim_bytes_total') }],
  },
  {
    title: 'Times space was reclaimed',
    width: 6,
    series: [{ legend: '{{store}}', query: perSecond('db_space_reclaim_operations_total') }],
  },
  { title: 'Time of reclaiming space', width: 6, series: quantiles('db_space_reclaim_duration_seconds') },
]

/** What compaction does, and what it costs. */
export const compactionRow: RowSpec = { title: 'The work of compaction', panels }
