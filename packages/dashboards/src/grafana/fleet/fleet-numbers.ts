import { allOperations, firingAlerts } from '../aggregate-queries.ts'
import { worstHealth } from '../health-states.ts'
import type { PanelSpec } from '../panel-spec.ts'
import { gauge, mapExpression, or, type Query, unless } from '../query.ts'
import { plain } from '../units.ts'
import { byStore, named, ofStore } from './fleet-scope.ts'

/** An instance that has gone is in none of the tables: of all that were there, it is what is missing. */
const everOpen = gauge('max', 'db_store_info', { by: byStore, each: (series) => named(`last_over_time(${series}[$__range])`) })
const gone = or(
  mapExpression(unless(everOpen, gauge('max', 'db_store_info', ofStore)), (text) => `count(${text})`),
  mapExpression(everOpen, (text) => `(count(${text}) * 0)`),
)

/** How many are above 0; nothing where there are none at all. */
const countedAboveZero = (query: Query): Query => ({ ...mapExpression(query, (text) => `sum((${text}) > bool 0)`), unit: plain })

/** The whole fleet in a few numbers. */
export const fleetNumbers: readonly PanelSpec[] = [
  {
    title: 'Open stores',
    kind: 'stat',
    width: 4,
    series: [{ legend: 'stores', query: gauge('sum', 'db_store_info', { by: [] }) }],
  },
  {
    title: 'Stores that are gone',
    kind: 'stat',
    width: 5,
    series: [{ legend: 'stores', query: gone }],
    note: 'Open at some time of those shown, and not now: closed, or their process has ended or is not reached.',
  },
  {
    title: 'Checks that are not healthy',
    kind: 'stat',
    width: 5,
    series: [{ legend: 'checks', query: countedAboveZero(worstHealth([...byStore, 'check'], named)) }],
    noValue: 'None has run.',
    isBadAboveZero: true,
  },
  {
    title: 'Firing alerts',
    kind: 'stat',
    width: 5,
    series: [{ legend: 'alerts', query: firingAlerts() }],
    noValue: 'Not judged.',
    isBadAboveZero: true,
  },
  {
    title: 'Operations per second',
    kind: 'stat',
    width: 5,
    series: [{ legend: 'all stores', query: allOperations([]) }],
  },
]
