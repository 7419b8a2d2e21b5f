import type { PanelSpec, RowSpec } from '../panel-spec.ts'
import { add, divide, perSecond } from '../query.ts'
import { counterPanel } from './engine-panels.ts'

const hits = perSecond('db_get_hits_total')
const misses = perSecond('db_get_misses_total')
const bySublevel = { by: ['store', 'sublevel', 'operation'] }
const requirement = 'Only of databases that are instrumented with bySublevel.'

const panels: readonly PanelSpec[] = [
  { title: 'Get hit ratio', width: 6, series: [{ legend: '{{store}}', query: divide(hits, add(hits, misses)) }] },
  {
    title: 'Gets by result',
    width: 6,
    series: [
      { legend: '{{store}} hits', query: hits },
      { legend: '{{store}} misses', query: misses },
    ],
  },
  counterPanel('Evictions', 'db_evictions_total', 6),
  counterPanel('Other commands', 'db_other_commands_total', 6),
  {
    title: 'Operations by sublevel',
    requirement,
    width: 8,
    series: [{ legend: '{{store}} {{sublevel}} {{operation}}', query: perSecond('db_sublevel_operations_total', bySublevel) }],
  },
  {
    title: 'Time by sublevel',
    requirement,
    width: 8,
    series: [
      { legend: '{{store}} {{sublevel}} {{operation}}', query: perSecond('db_sublevel_operation_seconds_total', bySublevel) },
    ],
  },
  {
    title: 'Errors by sublevel',
    requirement,
    width: 8,
    series: [{ legend: '{{store}} {{sublevel}} {{operation}}', query: perSecond('db_sublevel_errors_total', bySublevel) }],
  },
]

/** What operations found, and in which part of a database. */
export const lookupsRow: RowSpec = { title: 'Hits, evictions and sublevels', panels }
