import { addressOf } from '../../api/client.ts'
import { needsSignIn } from '../../api/session.ts'
import { colorToken, quantileColor, storeColor } from '../../charts/colors.ts'
import { HeatMap } from '../../charts/heat-map.tsx'
import { LineChart } from '../../charts/line-chart.tsx'
import { Card } from '../../components/card.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { type Column, Table } from '../../components/table.tsx'
import type { PointSeries } from '../../data/range-points.ts'
import { type TimeWindow, timeRange } from '../../data/time-range.ts'
import { useHeatMap } from '../../data/use-heat-map.ts'
import { labelParameters, type RangeData, toParameters, useRange, windowOf } from '../../data/use-range.ts'
import { parseParameterDuration, toParameterDuration } from '../../format/durations.ts'
import { quantileName } from '../../format/names.ts'
import { formatValue, unitOf } from '../../format/units.ts'
import { formatCurl } from './curl-command.ts'
import { type ExploreChoice, metricUnit, type QueriedMetric, toRangeQuery } from './explore-choice.ts'
import { compareSeries, nameSeries, toNumber, varyingLabels } from './name-series.ts'
import { formatBucketsPromQl, formatPromQl } from './prom-ql.ts'
import { isRefused, QueryProblem } from './query-problem.tsx'

/** More lines than this cannot be told apart. */
const maxLines = 24

/** Prometheus scrapes every 15 s to 60 s in most places, and needs some samples in a window. */
const minWindowMs = 120_000
const shortWindowNote =
  'Prometheus scrapes less often than the monitor takes samples. Choose a window of four of its scrape intervals or more, else it has too few samples.'

interface ResultProps {
  readonly choice: ExploreChoice
  /** Undefined for a metric that the catalog does not have. */
  readonly queried: QueriedMetric | undefined
  /** Chooses another metric, which the server has named. */
  readonly onMetric: (name: string) => void
}

/** What is asked for as chart and table, and how to ask for it elsewhere. */
export function ExploreResults(props: ResultProps) {
  return props.choice.chart === 'heat-map' && props.queried?.part === 'distribution' ? (
    <HeatMapResult {...props} />
  ) : (
    <SeriesResult {...props} />
  )
}

interface SeriesRow {
  readonly series: PointSeries
  readonly name: string
  /** Of its line; undefined if it is not drawn. */
  readonly color: string | undefined
  readonly isDashed: boolean
  readonly summary: { readonly last: number; readonly min: number; readonly mean: number; readonly max: number } | undefined
}

function SeriesResult({ choice, queried, onMetric }: ResultProps) {
  const query = toRangeQuery(choice)
  const data = useRange(query)
  const { startMs, endMs, stepMs, isLoading, error, reload } = data
  const window = windowOf(query, stepMs)
  const unit = queried === undefined ? '' : unitOf(metricUnit(queried), choice.function)
  const rows = toRows(data, choice.metric)
  const drawn = rows.filter(({ color }) => color !== undefined)
  const problem = <QueryProblem error={error} onRetry={reload} onMetric={onMetric} />
  if (isRefused(error)) return problem
  return (
    <>
      {problem}
      <div class="explored">
        <LineChart
          title={titleOf(choice, window)}
          subtitle={
            drawn.length < rows.length
              ? `The ${drawn.length} highest of ${rows.length} series. The table has all of them; filters or a grouping make them fewer.`
              : undefined
          }
          unit={unit}
          height={resultHeight()}
          isStacked={choice.chart === 'stacked'}
          isLogarithmic={choice.chart === 'logarithmic'}
          series={drawn.map(({ series, name, color = '', isDashed }) => ({
            key: series.key,
            label: name,
            color,
            isDashed,
            points: series.points,
          }))}
          startMs={startMs}
          endMs={endMs}
          stepMs={stepMs}
          isLoading={isLoading}
          empty={emptyText(queried, choice)}
        />
      </div>
      {rows.length > 0 && <SeriesTable rows={rows} unit={unit} choice={choice} />}
      <Elsewhere
        promQl={formatPromQl({ ...query, metric: choice.metric, window })}
        note={isShort(window) ? shortWindowNote : undefined}
        path="api/v1/query_range"
        parameters={toParameters(query, stepMs)}
        window={data}
      />
    </>
  )
}

function HeatMapResult({ choice, queried, onMetric }: ResultProps) {
  const { metric, labels } = choice
  const { answer, startMs, endMs, isLoading, error, reload } = useHeatMap({ metric, labels })
  const { stepMs } = timeRange.value
  const problem = <QueryProblem error={error} onRetry={reload} onMetric={onMetric} />
  if (isRefused(error)) return problem
  return (
    <>
      {problem}
      <HeatMap
        title={`Values of ${metric} over time`}
        subtitle="The darker or brighter a cell, the more values fell into it."
        unit={queried === undefined ? '' : metricUnit(queried)}
        counted="values"
        height={resultHeight()}
        answer={answer}
        startMs={startMs}
        endMs={endMs}
        isLoading={isLoading}
        empty={emptyText(queried, choice)}
      />
      <Elsewhere
        promQl={formatBucketsPromQl({ metric, labels }, toParameterDuration(stepMs))}
        note="In Prometheus, buckets are cumulative: each count has those of the buckets below it."
        path="api/v1/heatmap"
        parameters={{ metric, ...labelParameters(labels) }}
        window={{ startMs, endMs, stepMs }}
      />
    </>
  )
}

/** Returns the height of the chart: of a high window, more than a third. */
function resultHeight(): number {
  return Math.min(560, Math.max(300, Math.round(innerHeight * 0.38)))
}

function isShort(window: string | undefined): boolean {
  return window !== undefined && (parseParameterDuration(window) ?? 0) < minWindowMs
}

function titleOf({ metric, function: name, by, aggregate = 'sum' }: ExploreChoice, window: string | undefined): string {
  const series = window === undefined ? metric : `${name}, ${window}: ${metric}`
  if (by === undefined) return series
  const labels = by.length === 0 ? '' : ` by ${by.join(', ')}`
  return name === 'quantile' ? `${series}${labels}` : `${series}, ${aggregate}${labels || ' of all'}`
}

function emptyText(queried: QueriedMetric | undefined, { labels }: ExploreChoice): string {
  if (queried?.metric.series === 0) return 'No series of this metric. It appears as soon as something reports it.'
  return Object.values(labels).some((values) => values.length > 0)
    ? 'No values with these labels in this range. Choose other values, or a longer range.'
    : 'No values in this range. Choose a longer range, or wait for the next sample.'
}

/** Returns the series with their names, in the order of their labels. Of many, those with the highest values are drawn. */
function toRows({ series: all, startMs, endMs }: RangeData, title: string): readonly SeriesRow[] {
  const names = nameSeries(all, title)
  const varying = varyingLabels(all)
  const known = all.map((series, index) => ({
    series,
    name: names[index] ?? series.key,
    summary: summarizePoints(series, startMs, endMs),
  }))
  const byHeight = [...known].sort((a, b) => (b.summary?.max ?? -Infinity) - (a.summary?.max ?? -Infinity))
  const drawn = new Set(byHeight.slice(0, maxLines).map(({ series }) => series.key))
  let lines = 0
  return known
    .sort((a, b) => compareSeries(a.series, b.series))
    .map((row): SeriesRow => {
      if (!drawn.has(row.series.key)) return { ...row, color: undefined, isDashed: false }
      const index = lines++
      return { ...row, ...lineOf(row.series, index, varying) }
    })
}

/** Returns how a series is drawn: stores and quantiles have the colors that they have on every view; others repeat, with dashes. */
function lineOf(
  { labels, quantile }: PointSeries,
  index: number,
  varying: readonly string[],
): { readonly color: string; readonly isDashed: boolean } {
  if (varying.length === 0 && quantile !== undefined) return { color: quantileColor(quantile), isDashed: false }
  if (varying.length === 1 && varying[0] === 'store' && quantile === undefined) {
    return { color: storeColor(labels['store'] ?? ''), isDashed: false }
  }
  return { color: colorToken(index), isDashed: Math.floor(index / 8) % 2 === 1 }
}

function summarizePoints({ points }: PointSeries, startMs: number, endMs: number): SeriesRow['summary'] {
  const values = points.filter(([timeMs]) => timeMs >= startMs && timeMs <= endMs).map(([, value]) => value)
  const last = values.at(-1)
  if (last === undefined) return undefined
  return {
    last,
    min: values.reduce((a, b) => Math.min(a, b)),
    mean: values.reduce((a, b) => a + b, 0) / values.length,
    max: values.reduce((a, b) => Math.max(a, b)),
  }
}

const nameColumn: Column<SeriesRow> = {
  key: 'name',
  title: 'Series',
  isRowHeader: true,
  sortBy: ({ name }) => name,
  render: ({ name, color }) => <SeriesName color={color} name={name} />,
}

/** The first label is that of the row, and has the color of its line. */
function labelColumn(label: string, index: number): Column<SeriesRow> {
  return {
    key: `label.${label}`,
    title: label,
    isRowHeader: index === 0,
    sortBy: ({ series }) => toNumber(series.labels[label] ?? '') ?? series.labels[label],
    render: ({ series, color }) =>
      index === 0 ? <SeriesName color={color} name={series.labels[label] ?? '–'} /> : series.labels[label],
  }
}

function SeriesName({ color, name }: { readonly color: string | undefined; readonly name: string }) {
  return (
    <span class="series-name">
      <span class="swatch" style={color === undefined ? {} : { background: `var(${color})` }} />
      {name}
    </span>
  )
}

function SeriesTable({
  rows,
  unit,
  choice: { metric },
}: {
  readonly rows: readonly SeriesRow[]
  readonly unit: string
  readonly choice: ExploreChoice
}) {
  const names = [...new Set(rows.flatMap(({ series }) => Object.keys(series.labels)))]
  // The store is the first thing that readers look for.
  const labels = names.sort((a, b) => Number(b === 'store') - Number(a === 'store'))
  const hasQuantiles = rows.some(({ series }) => series.quantile !== undefined)
  const numbers = [
    ['last', 'Last', 'The last value in the range'],
    ['min', 'Lowest', 'The lowest of the points in the range'],
    ['mean', 'Mean', 'The mean of the points in the range'],
    ['max', 'Highest', 'The highest of the points in the range'],
  ] as const
  const columns: readonly Column<SeriesRow>[] = [
    ...(labels.length === 0 ? [nameColumn] : labels.map(labelColumn)),
    ...(hasQuantiles
      ? [
          {
            key: 'quantile',
            title: 'Quantile',
            sortBy: ({ series }: SeriesRow) => series.quantile,
            render: ({ series }: SeriesRow) => (series.quantile === undefined ? '' : quantileName(series.quantile)),
          },
        ]
      : []),
    ...numbers.map(
      ([key, title, description]): Column<SeriesRow> => ({
        key,
        title,
        description,
        isNumeric: true,
        sortBy: ({ summary }) => summary?.[key],
        render: ({ summary }) => (summary === undefined ? '' : formatValue(summary[key], unit)),
      }),
    ),
  ]
  return (
    <Card title={rows.length === 1 ? '1 series' : `${rows.length} series`}>
      <Table
        caption={`The series of ${metric}`}
        columns={columns}
        rows={rows}
        rowKey={({ series }) => series.key}
        maxHeight={480}
      />
    </Card>
  )
}

/** How to ask for the same in Prometheus and on a command line. */
function Elsewhere({
  promQl,
  note,
  path,
  parameters,
  window: { startMs, endMs, stepMs },
}: {
  readonly promQl: string
  readonly note?: string | undefined
  readonly path: string
  readonly parameters: ReturnType<typeof toParameters>
  readonly window: TimeWindow
}) {
  const { range } = timeRange.value
  const times = range === undefined ? { start: startMs, end: endMs } : { start: `-${range}` }
  const address = addressOf(path, { ...parameters, ...times, step: toParameterDuration(stepMs), align: true })
  const curl = formatCurl(address, { needsToken: needsSignIn.value })
  return (
    <Card title="The same elsewhere">
      <Command title="PromQL" text={promQl} label="Copy as PromQL" />
      {note !== undefined && <p class="command-note muted">{note}</p>}
      <Command title="curl" text={curl} label="Copy as curl" />
    </Card>
  )
}

function Command({ title, text, label }: { readonly title: string; readonly text: string; readonly label: string }) {
  return (
    <div class="command">
      <span class="command-title">{title}</span>
      <pre>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} label={label} />
    </div>
  )
}
