import type { RowSpec } from '../panel-spec.ts'
import { backlogRow } from './backlog-row.ts'
import { cacheRow } from './cache-row.ts'
import { compactionRow } from './compaction-row.ts'
import { diskRow } from './disk-row.ts'
import { internalsRow } from './internals-row.ts'
import { levelsRow } from './levels-row.ts'
import { lookupsRow } from './lookups-row.ts'
import { memoryRow } from './memory-row.ts'
import { stallsRow } from './stalls-row.ts'
import { statementsRow } from './statements-row.ts'

/** Rows of the Engine dashboard, in the order of an incident investigation. */
export const engineRows: readonly RowSpec[] = [
  stallsRow,
  levelsRow,
  backlogRow,
  memoryRow,
  cacheRow,
  lookupsRow,
  statementsRow,
  diskRow,
  compactionRow,
  internalsRow,
]
