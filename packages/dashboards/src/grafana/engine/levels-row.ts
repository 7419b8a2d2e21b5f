import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { gauge } from '../query.ts'
import { levelZeroFiles } from './engine-panels.ts'

const panels: readonly PanelSpec[] = [
  {
    title: 'Level 0 files of $store',
    width: 8,
    series: [{ legend: 'level 0', query: levelZeroFiles() }],
    rules: ['LevelZeroPileUp'],
    note: 'Level 0 files overlap, so a read may have to search each of them.',
  },
  {
    title: 'Files by level of $store',
    width: 8,
    series: [{ legend: 'level {{level}}', query: gauge('sum', 'db_level_files', { by: ['level'] }) }],
  },
  {
    title: 'Bytes by level of $store',
    width: 8,
    series: [{ legend: 'level {{level}}', query: gauge('sum', 'db_level_bytes', { by: ['level'] }) }],
    isStacked: true,
  },
]

/** Files and bytes by level, for each store. */
export const levelsRow: RowSpec = { title: 'Levels of $store', repeat: 'store', panels }
