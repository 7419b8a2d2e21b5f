import type { Each } from '../promql.ts'
import { everyOperation, over, perSecond, type Query, summedUp } from './query.ts'

/** Operations of all kinds, per second. */
export function allOperations(by: readonly string[], each?: Each): Query {
  return summedUp(
    'sum',
    by,
    everyOperation(({ operations }) => perSecond(operations, selection(by, each))),
  )
}

/** The share of all operations that fail. */
export function allErrorRatio(by: readonly string[], each?: Each): Query {
  const errors = everyOperation((metrics) => perSecond(metrics.errors, selection(by, each)))
  return over(summedUp('sum', by, errors), allOperations(by, each))
}

function selection(by: readonly string[], each: Each | undefined): { by: readonly string[]; each?: Each } {
  return { by, ...(each && { each }) }
}
