import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { type HealthStatus, healthStatuses } from '@wombat/monitor'
import { gauge, mapExpression, or, type Query, type Selection, sumOf } from './query.ts'
import { plain } from './units.ts'

const colours: Readonly<Record<HealthStatus, string>> = {
  healthy: 'green',
  degraded: 'yellow',
  unknown: 'gray',
  unhealthy: 'orange',
  critical: 'red',
}

/** A state's number, its place from best to worst, as its name and colour. */
export const healthMapping: ValueMapping = {
  type: MappingType.ValueToText,
  options: Object.fromEntries(healthStatuses.map((text, index) => [String(index), { text, color: colours[text], index }])),
}

/** The worst state among those that share these labels, as a number. */
export function worstHealth(by: readonly string[], each?: Selection['each']): Query {
  const inState = healthStatuses.map((status, code) => {
    const query = gauge('max', 'db_health_status', { by: [...by, 'status'], where: { status }, ...(each && { each }) })
    return mapExpression(query, (text) => `((${text} == 1) * ${code})`)
  })
  return { ...sumOf('max', by, or(...inState)), unit: plain }
}
