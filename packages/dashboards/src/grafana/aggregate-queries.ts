import type { SeriesTransform } from '../promql.ts'
import { everyOperation, gauge, mapExpression, or, over, perSecond, type Query, sumOf } from './query.ts'

/** Operations of all kinds, per second. */
export function allOperations(by: readonly string[], each?: SeriesTransform): Query {
  return sumOf(
    'sum',
    by,
    everyOperation(({ operations }) => perSecond(operations, selection(by, each))),
  )
}

/** The share of all operations that fail. */
export function allErrorRatio(by: readonly string[], each?: SeriesTransform): Query {
  const errors = everyOperation((metrics) => perSecond(metrics.errors, selection(by, each)))
  return over(sumOf('sum', by, errors), allOperations(by, each))
}

/** How many alerts fire in the process: 0 is said only where somebody judges. */
export function firingAlerts(): Query {
  const judged = perSecond('wombat_monitor_alert_evaluations_total', { by: [] })
  const firing = gauge('sum', 'db_alerts', { by: [], where: { state: 'firing' } })
  return or(
    firing,
    mapExpression(judged, (text) => `((${text} > 0) * 0)`),
  )
}

function selection(by: readonly string[], each: SeriesTransform | undefined): { by: readonly string[]; each?: SeriesTransform } {
  return { by, ...(each && { each }) }
}
