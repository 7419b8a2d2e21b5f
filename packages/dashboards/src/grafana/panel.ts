import type * as cog from '@grafana/grafana-foundation-sdk/cog'
import * as common from '@grafana/grafana-foundation-sdk/common'
import * as grafana from '@grafana/grafana-foundation-sdk/dashboard'
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus'
import * as stat from '@grafana/grafana-foundation-sdk/stat'
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline'
import * as table from '@grafana/grafana-foundation-sdk/table'
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries'
import { type MetricName, operations } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import { describeRules, errorCountSteps, findRules, runbookLinks, thresholdSteps } from './alert-thresholds.ts'
import { healthMapping } from './health-status.ts'
import { buildLink, variable } from './links.ts'
import { describeMetrics, noValueText } from './panel-descriptions.ts'
import type { PanelSpec } from './panel-spec.ts'
import type { Query } from './query.ts'

/** The data source selected by the dashboard's variable. */
export const dataSource = { type: 'prometheus', uid: variable('datasource') } as const

const height = 8
const statHeight = 4

/** Builds a Grafana panel. Description, unit, threshold colors and no-value text follow from its queries and rules. */
export function buildPanel(spec: PanelSpec): cog.Builder<grafana.Panel> {
  const builders = { timeseries: timeSeriesPanel, stat: statPanel, statetimeline: stateTimelinePanel, table: tablePanel }
  return builders[spec.kind ?? 'timeseries'](spec)
}

function timeSeriesPanel(spec: PanelSpec): cog.Builder<grafana.Panel> {
  const panel = withDefaults(new timeseries.PanelBuilder(), spec)
    .height(height)
    .lineWidth(1)
    .fillOpacity(spec.isStacked ? 30 : 8)
    .showPoints(common.VisibilityMode.Never)
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending))
  if (spec.isStacked) panel.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal))
  if (!spec.canBeNegative) panel.min(0)
  if (spec.maxDataPoints !== undefined) panel.maxDataPoints(spec.maxDataPoints)
  if (spec.rules !== undefined) {
    panel.thresholdsStyle(new common.GraphThresholdsStyleConfigBuilder().mode(common.GraphThresholdsStyleMode.Dashed))
  }
  return panel
}

function statPanel(spec: PanelSpec): cog.Builder<grafana.Panel> {
  return withDefaults(new stat.PanelBuilder(), spec)
    .height(statHeight)
    .colorMode(common.BigValueColorMode.Background)
    .graphMode(common.BigValueGraphMode.None)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
}

function stateTimelinePanel(spec: PanelSpec): cog.Builder<grafana.Panel> {
  return withDefaults(new statetimeline.PanelBuilder(), spec)
    .height(height)
    .mappings([healthMapping])
    .mergeValues(true)
    .showValue(common.VisibilityMode.Auto)
    .rowHeight(0.8)
}

function tablePanel(spec: PanelSpec): cog.Builder<grafana.Panel> {
  const panel = withDefaults(new table.PanelBuilder(), spec).height(height).transformations(tableTransformations(spec))
  const { sortBy } = spec
  if (sortBy !== undefined) {
    panel.sortBy([new common.TableSortByFieldStateBuilder().displayName(sortBy.column).desc(sortBy.isDescending)])
  }
  const links = (spec.links ?? []).map(({ title, url }) => ({ title, url }))
  if (links.length > 0) {
    for (const column of Object.values(spec.labelColumns ?? {})) panel.overrideByName(column, [{ id: 'links', value: links }])
  }
  for (const { legend, unit, rules, isHealth, query } of spec.series) {
    panel.overrideByName(legend, [
      { id: 'unit', value: unit ?? query.unit },
      ...(rules === undefined
        ? []
        : [
            { id: 'thresholds', value: { mode: grafana.ThresholdsMode.Absolute, steps: thresholdSteps(findRules(rules)) } },
            { id: 'custom.cellOptions', value: { type: 'color-text' } },
          ]),
      ...(isHealth
        ? [
            { id: 'mappings', value: [healthMapping] },
            { id: 'custom.cellOptions', value: { type: 'color-background' } },
          ]
        : []),
    ])
  }
  return panel
}

/** The methods that the SDK's panel builders share; the SDK has no type for them. */
interface AnyPanel extends cog.Builder<grafana.Panel> {
  title(title: string): this
  description(description: string): this
  datasource(datasource: common.DataSourceRef): this
  span(width: number): this
  unit(unit: string): this
  noValue(text: string): this
  thresholds(thresholds: cog.Builder<grafana.ThresholdsConfig>): this
  withTarget(target: cog.Builder<cog.Dataquery>): this
  links(links: cog.Builder<grafana.DashboardLink>[]): this
  dataLinks(links: cog.Builder<grafana.DashboardLink>[]): this
  repeat(variable: string): this
}

function withDefaults<Panel extends AnyPanel>(panel: Panel, spec: PanelSpec): Panel {
  const rules = findRules(spec.rules ?? [])
  const unit = spec.unit ?? spec.series[0]?.query.unit ?? ''
  const metrics = [...new Set(spec.series.flatMap(({ query }) => query.metrics))]
  panel
    .title(spec.title)
    .description([spec.note, spec.requirement, describeMetrics(metrics), describeRules(rules, unit)].filter(Boolean).join('\n\n'))
    .datasource(dataSource)
    .span(spec.width)
    .unit(unit)
    .noValue([spec.noValue ?? noValueText(metrics), spec.requirement].filter(Boolean).join(' '))
    .thresholds(
      new grafana.ThresholdsConfigBuilder()
        .mode(grafana.ThresholdsMode.Absolute)
        .steps([...(spec.isErrorCount ? errorCountSteps : thresholdSteps(rules))]),
    )
  if (spec.kind !== 'table') panel.dataLinks((spec.links ?? []).map(buildLink))
  const links = runbookLinks(rules)
  if (links.length > 0) panel.links(links.map((link) => buildLink({ ...link, opensNewTab: true })))
  for (const [index, { query, legend }] of spec.series.entries()) panel.withTarget(buildTarget(spec, index, query, legend))
  return panel
}

function buildTarget(spec: PanelSpec, index: number, { expr, metrics }: Query, legend: string): cog.Builder<cog.Dataquery> {
  const target = new prometheus.DataqueryBuilder()
    .refId(String.fromCharCode(65 + index))
    .datasource(dataSource)
    .expr(expr)
    .editorMode(prometheus.QueryEditorMode.Code)
  if (spec.kind === 'table') return target.instant().format(prometheus.PromQueryFormat.Table)
  const timeSeries = target.format(prometheus.PromQueryFormat.TimeSeries).legendFormat(legend)
  // A range query would show the last known value, even of a series that ended long ago.
  if (spec.kind === 'stat') return timeSeries.instant()
  const range = timeSeries.range()
  // Operations leave their traces in their latencies: points that lead to them.
  return (spec.kind ?? 'timeseries') === 'timeseries' && metrics.some(isOperationLatency) ? range.exemplar(true) : range
}

const operationLatencies: ReadonlySet<MetricName> = new Set(operations.map((operation) => operationMetrics(operation).latency))

function isOperationLatency(metric: MetricName): boolean {
  return operationLatencies.has(metric)
}

/** Merges the queries into one row per label set: first the labels, then the values. */
function tableTransformations({ series, labelColumns = {} }: PanelSpec): grafana.DataTransformerConfig[] {
  const valueColumns = series.map(({ legend }, index) => [
    series.length === 1 ? 'Value' : `Value #${String.fromCharCode(65 + index)}`,
    legend,
  ])
  const columns = [...Object.entries(labelColumns), ...valueColumns] as Array<[string, string]>
  return [
    { id: 'merge', options: {} },
    {
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(columns.map(([name], index) => [name, index])),
        renameByName: Object.fromEntries(columns),
      },
    },
  ]
}
