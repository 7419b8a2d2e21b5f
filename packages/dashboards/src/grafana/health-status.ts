import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { type HealthStatus, healthStatuses } from '@wombat/monitor'
import type { SeriesTransform } from '../promql.ts'
import { aggregateBy, gauge, mapExpression, or, type Query } from './query.ts'
import { plainUnit } from './units.ts'

const statusColors: Readonly<Record<HealthStatus, string>> = {
  healthy: 'green',
  degraded: 'yellow',
  unknown: 'gray',
  unhealthy: 'orange',
  critical: 'red',
}

/** Maps the number of a health status (0 is the best) to its name and color. */
export const healthMapping: ValueMapping = {
  type: MappingType.ValueToText,
  options: Object.fromEntries(healthStatuses.map((text, index) => [String(index), { text, color: statusColors[text], index }])),
}

/** Returns the worst health status per label set, as a number (see {@link healthMapping}). */
export function worstHealth(by: readonly string[], transform?: SeriesTransform): Query {
  const statusNumbers = healthStatuses.map((status, number) => {
    const query = gauge('max', 'db_health_status', { by: [...by, 'status'], where: { status }, transform })
    return mapExpression(query, (expr) => `((${expr} == 1) * ${number})`)
  })
  return { ...aggregateBy('max', by, or(...statusNumbers)), unit: plainUnit }
}
