import { MappingType, type ValueMapping } from '@grafana/grafana-foundation-sdk/dashboard'
import { now, orElse, type Query, type Selection, summedUp, wrapped } from './query.ts'
import { plain } from './units.ts'

/** From best to worst, as the monitor's health has them: the place of a state is the number by which it is drawn. */
export const healthColours = {
  healthy: 'green',
  degraded: 'yellow',
  unknown: 'gray',
  unhealthy: 'orange',
  critical: 'red',
} as const

const states = Object.keys(healthColours)

/** A state's number as its name and colour. */
export const healthMapping: ValueMapping = {
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(healthColours).map(([text, color], index) => [String(index), { text, color, index }]),
  ),
}

/** The worst state among those that share these labels, as a number. */
export function worstHealth(by: readonly string[], each?: Selection['each']): Query {
  const inState = states.map((status, code) => {
    const query = now('max', 'db_health_status', { by: [...by, 'status'], where: { status }, ...(each && { each }) })
    return wrapped(query, (text) => `((${text} == 1) * ${code})`)
  })
  return { ...summedUp('max', by, orElse(...inState)), unit: plain }
}
