import type { RowSpec } from '../panel-spec.ts'
import { storesRow } from './stores-row.ts'
import { summaryRow } from './summary-row.ts'
import { worstRow } from './worst-row.ts'

/** Rows of the Fleet dashboard: which of many processes and stores have problems. */
export const fleetRows: readonly RowSpec[] = [summaryRow, storesRow, worstRow]
