import type { RowSpec } from '../panel-spec.ts'
import { healthRow } from './health-row.ts'
import { monitorRow } from './monitor-row.ts'
import { operationsRow } from './operations-row.ts'
import { saturationRow } from './saturation-row.ts'

/** Rows of the Overview dashboard: whether the stores are healthy and, if not, which part is affected. */
export const overviewRows: readonly RowSpec[] = [healthRow, operationsRow, saturationRow, monitorRow]
