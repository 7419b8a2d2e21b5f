import type * as cog from '@grafana/grafana-foundation-sdk/cog'
import * as grafana from '@grafana/grafana-foundation-sdk/dashboard'
import { labelMatchers, selector } from '../promql.ts'
import { burnRateGroups } from '../rules/burn-rates.ts'
import { ruleNames } from './alert-thresholds.ts'
import { panelsInView } from './in-sight.ts'
import { tag, titles, uids } from './links.ts'
import { buildPanel, dataSource } from './panel.ts'
import type { RowSpec } from './panel-spec.ts'
import { scopeFilters, type Variable, variables } from './template-variables.ts'

/** Every alert that the rule files have by default. */
const inRuleFiles = [
  ...new Set([
    ...ruleNames,
    ...burnRateGroups().flatMap(({ rules }) => rules.flatMap((rule) => ('alert' in rule ? rule.alert : []))),
  ]),
]

export type DashboardName = keyof typeof uids

/** A whole dashboard: what all of them share, around these rows. */
export function buildDashboard(name: DashboardName, description: string, rows: readonly RowSpec[]): grafana.Dashboard {
  const dashboard = new grafana.DashboardBuilder(titles[name])
    .uid(uids[name])
    .description(description)
    .tags([tag])
    .editable()
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .tooltip(grafana.DashboardCursorSync.Crosshair)
    .variables([
      new grafana.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
      ...variables.map(buildVariable),
      new grafana.AdHocVariableBuilder('filters')
        .label('Filters')
        .description('Any other label: of a cluster, or "service.name" where VictoriaMetrics keeps the dots.')
        .datasource(dataSource),
    ])
    .annotations([
      alerts(
        'Alerts, judged in the process',
        'orange',
        `${selector('db_alerts', { ...scopeFilters('db_alerts'), state: 'firing' })} > 0`,
      ),
      alerts(
        'Alerts, judged by Prometheus',
        'red',
        `ALERTS${labelMatchers({ ...scopeFilters('db_alerts'), alertstate: 'firing', alertname: { matches: inRuleFiles.join('|') } })}`,
      ),
    ])
    .links([
      panelsInView(
        new grafana.DashboardLinkBuilder('Wombat')
          .type(grafana.DashboardLinkType.Dashboards)
          .tags([tag])
          .includeVars(true)
          .keepTime(true),
      ),
    ])
  for (const { title, repeat, panels } of rows) {
    const row = new grafana.RowBuilder(title)
    dashboard.withRow(repeat === undefined ? row : row.repeat(repeat))
    for (const panel of panels) dashboard.withPanel(buildPanel(panel))
  }
  return dashboard.build()
}

function buildVariable({ name, label, description, query, regex }: Variable): grafana.QueryVariableBuilder {
  return new grafana.QueryVariableBuilder(name)
    .label(label)
    .description(description)
    .datasource(dataSource)
    .query(query)
    .definition(query)
    .regex(regex)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ selected: true, text: ['All'], value: ['$__all'] })
    .refresh(grafana.VariableRefresh.OnTimeRangeChanged)
    .sort(grafana.VariableSort.NaturalAsc)
}

function alerts(name: string, colour: string, expression: string): cog.Builder<grafana.AnnotationQuery> {
  const annotation = new grafana.AnnotationQueryBuilder()
    .name(name)
    .datasource(dataSource)
    .enable(true)
    .iconColor(colour)
    .expr(expression)
    .step('30s')
    .titleFormat('{{alertname}}')
    .textFormat('{{severity}} {{store}}')
    .tagKeys('severity')
  return panelsInView(annotation)
}
