import type * as cog from '@grafana/grafana-foundation-sdk/cog'
import * as grafana from '@grafana/grafana-foundation-sdk/dashboard'
import { labelMatchers, selector } from '../promql.ts'
import { burnRateGroups } from '../rules/burn-rates.ts'
import { defaultRuleNames } from './alert-thresholds.ts'
import { type DashboardName, tag, titles, uids, withoutPlacement } from './links.ts'
import { buildPanel, dataSource } from './panel.ts'
import { gridWidth, type PanelSpec, type RowSpec } from './panel-spec.ts'
import { scopeMatchers, type Variable, variables } from './template-variables.ts'

/** The alerts of the default rule files. */
const alertNames = [
  ...new Set([
    ...defaultRuleNames,
    // Not `Watchdog`, which always fires.
    'InstanceLost',
    ...burnRateGroups().flatMap(({ rules }) => rules.flatMap((rule) => ('alert' in rule ? rule.alert : []))),
  ]),
]

/**
 * Builds a dashboard with these rows, and with the variables, annotations and links that all dashboards share.
 *
 * @throws Error if the widths of the panels on one line of a row do not add up to the width of the grid.
 */
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
        .description('Filters by any other label, for example a cluster, or "service.name" if VictoriaMetrics keeps the dots.')
        .datasource(dataSource),
    ])
    .annotations([
      buildAnnotation(
        'Alerts (in-process)',
        'orange',
        `${selector('db_alerts', { ...scopeMatchers('db_alerts'), state: 'firing' })} > 0`,
      ),
      buildAnnotation(
        'Alerts (Prometheus)',
        'red',
        `ALERTS${labelMatchers({ ...scopeMatchers('db_alerts'), alertstate: 'firing', alertname: { matches: alertNames.join('|') } })}`,
      ),
    ])
    .links([
      withoutPlacement(
        new grafana.DashboardLinkBuilder('Wombat')
          .type(grafana.DashboardLinkType.Dashboards)
          .tags([tag])
          .includeVars(true)
          .keepTime(true),
      ),
    ])
  for (const { title, repeat, panels } of rows) {
    validateWidths(title, panels)
    const row = new grafana.RowBuilder(title)
    dashboard.withRow(repeat === undefined ? row : row.repeat(repeat))
    for (const panel of panels) dashboard.withPanel(buildPanel(panel))
  }
  return dashboard.build()
}

/** Panels fill a line of the grid from left to right. A narrower line would leave a gap; a wider one would wrap. */
function validateWidths(row: string, panels: readonly PanelSpec[]): void {
  let line = 1
  let width = 0
  const titles: string[] = []
  for (const [index, panel] of panels.entries()) {
    width += panel.width
    titles.push(panel.title)
    if (width < gridWidth && index < panels.length - 1) continue
    if (width !== gridWidth) {
      const names = titles.map((title) => `"${title}"`).join(', ')
      throw new Error(`row "${row}", line ${line}: the widths of ${names} add up to ${width}; they must add up to ${gridWidth}`)
    }
    line++
    width = 0
    titles.length = 0
  }
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

function buildAnnotation(name: string, color: string, expression: string): cog.Builder<grafana.AnnotationQuery> {
  const annotation = new grafana.AnnotationQueryBuilder()
    .name(name)
    .datasource(dataSource)
    .enable(true)
    .iconColor(color)
    .expr(expression)
    .step('30s')
    .titleFormat('{{alertname}}')
    .textFormat('{{severity}} {{store}}')
    .tagKeys('severity')
  return withoutPlacement(annotation)
}
