import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { aboveZero, add, divide, gauge, mapExpression, or, perSecond, type Query } from '../query.ts'
import { plainUnit } from '../units.ts'
import { counterPanel, histogramPanel } from './engine-panels.ts'

const flushedBytes = perSecond('db_flush_bytes_total')
const writeAmplification = divide(
  add(flushedBytes, perSecond('db_compaction_output_bytes_total')),
  aboveZero(flushedBytes),
  plainUnit,
)

/** The levels of LevelDB and RocksDB without level 0. */
const deepestFirst = ['6', '5', '4', '3', '2', '1']

/** Bytes of the deepest level that is not empty: `or` keeps the first level that has a value. */
const deepestLevelBytes = or(
  ...deepestFirst.map((level): Query => {
    return mapExpression(gauge('sum', 'db_level_bytes', { where: { level } }), (expr) => `(${expr} > 0)`)
  }),
)
const spaceAmplification = divide(gauge('sum', 'db_level_bytes'), deepestLevelBytes, plainUnit)

const panels: readonly PanelSpec[] = [
  {
    title: 'Compaction input and output bytes',
    width: 8,
    series: [
      { legend: '{{store}} input', query: perSecond('db_compaction_input_bytes_total') },
      { legend: '{{store}} output', query: perSecond('db_compaction_output_bytes_total') },
    ],
  },
  {
    title: 'Compaction input and output files',
    width: 8,
    series: [
      { legend: '{{store}} input', query: perSecond('db_compaction_input_files_total') },
      { legend: '{{store}} output', query: perSecond('db_compaction_output_files_total') },
    ],
  },
  counterPanel('Compactions', 'db_compaction_operations_total', 8),
  histogramPanel('Compaction duration', 'db_compaction_duration_seconds', 8),
  histogramPanel('Write amplification per compaction', 'db_compaction_write_amplification', 8),
  {
    title: 'Write amplification',
    width: 8,
    series: [{ legend: '{{store}}', query: writeAmplification }],
    note: 'Bytes written by flushes and compactions, divided by the flushed bytes.',
  },
  {
    title: 'Space amplification',
    width: 6,
    series: [{ legend: '{{store}}', query: spaceAmplification }],
    note: 'Bytes of all levels, divided by the bytes of the deepest level, which has each key once. Empty if all data is in level 0.',
  },
  counterPanel('Reclaimed space', 'db_space_reclaim_bytes_total', 6),
  counterPanel('Space reclamations', 'db_space_reclaim_operations_total', 6),
  histogramPanel('Space reclamation duration', 'db_space_reclaim_duration_seconds', 6),
]

/** Throughput, duration and amplification of compaction. */
export const compactionRow: RowSpec = { title: 'Compaction', panels }
