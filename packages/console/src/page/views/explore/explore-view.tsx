import './explore.css'
import type { ComponentChildren } from 'preact'
import type { CatalogMetric, QueryFunction } from '../../api/types.ts'
import { Card, CardGrid } from '../../components/card.tsx'
import { Answered } from '../../components/notices.tsx'
import { Segments } from '../../components/tabs.tsx'
import { timeRange } from '../../data/time-range.ts'
import { useAnswer } from '../../data/use-answer.ts'
import { windowOf } from '../../data/use-range.ts'
import { quantileName } from '../../format/names.ts'
import { unitName } from '../../format/units.ts'
import { linkTo, route, setParameters } from '../../router.ts'
import type { ParametersOf } from '../../routes.ts'
import {
  aggregates,
  type ChartKind,
  chooseMetric,
  chooseValues,
  type ExploreChoice,
  findMetric,
  functionsOf,
  joinBy,
  labelsOf,
  type Part,
  type QueriedMetric,
  readChoice,
  toRangeQuery,
} from './explore-choice.ts'
import { ExploreResults } from './explore-results.tsx'
import { LabelFilter } from './label-filter.tsx'
import { MetricCombobox } from './metric-combobox.tsx'

const functionTexts: Readonly<Record<QueryFunction, { readonly title: string; readonly description: string }>> = {
  value: { title: 'Value', description: 'The value itself' },
  rate: { title: 'Per second', description: 'How much a counter grows in a second, over the window (rate)' },
  increase: { title: 'Increase', description: 'How much a counter grows in the window (increase)' },
  quantile: { title: 'Quantile', description: 'The value that a share of the values in the window does not exceed' },
  min: { title: 'Lowest', description: 'The lowest sample in the window (min)' },
  avg: { title: 'Average', description: 'The average of the samples in the window (avg)' },
  max: { title: 'Highest', description: 'The highest sample in the window (max)' },
}

const partTitles: readonly (readonly [Part, string])[] = [
  ['distribution', 'Distribution'],
  ['count', 'Count'],
  ['sum', 'Sum'],
  ['bucket', 'Buckets'],
]

const chartTitles: Readonly<Record<ChartKind, string>> = {
  lines: 'Lines',
  stacked: 'Stacked',
  logarithmic: 'Logarithmic',
  'heat-map': 'Heat map',
}

const offeredQuantiles = [0.5, 0.9, 0.95, 0.99, 0.999] as const
const offeredWindows = ['30s', '1m', '5m', '15m', '1h', '6h', '1d'] as const

/** Asks for any metric: a function of its series, which of them, and how they are combined. All of it is in the address. */
export function ExploreView() {
  const { parameters } = route.value
  const catalog = useAnswer('api/v1/catalog', {}, { refresh: 'never' })
  const metrics = catalog.value?.metrics
  const metric = parameters['metric']
  const queried = metric === undefined || metrics === undefined ? undefined : findMetric(metrics, metric)
  const onMetric = (name: string): void =>
    change(chooseMetric(name, metrics === undefined ? undefined : findMetric(metrics, name), route.peek().parameters))
  return (
    <Answered answer={catalog} what="the catalog of metrics" height={160}>
      {({ metrics: known }) => (
        <>
          <Card>
            <MetricCombobox
              metrics={known}
              selected={metric ?? ''}
              current={queried?.metric}
              onSelect={onMetric}
              onOpen={catalog.reload}
            />
            {queried !== undefined && <MetricFacts queried={queried} />}
            {metric !== undefined && <Choices choice={readChoice(parameters, metric, queried)} queried={queried} />}
          </Card>
          {metric === undefined ? (
            <Suggestions metrics={known} />
          ) : (
            <ExploreResults choice={readChoice(parameters, metric, queried)} queried={queried} onMetric={onMetric} />
          )}
        </>
      )}
    </Answered>
  )
}

function change(changes: Readonly<Record<string, string | undefined>>): void {
  setParameters('explore', changes as ParametersOf<'explore'>)
}

function MetricFacts({ queried: { metric } }: { readonly queried: QueriedMetric }) {
  const { description, kind, labels, series } = metric
  const unit = unitName(metric.unit ?? '')
  const facts = [
    `${kind}${unit === '' ? '' : ` of ${unit}`}`,
    series === 0 ? 'no series now' : series === 1 ? '1 series' : `${series} series`,
    labels.length === 0 ? 'no labels' : `labels ${labels.join(', ')}`,
  ]
  return (
    <p class="metric-facts">
      {description} <span class="muted">{facts.join(' · ')}</span>
    </p>
  )
}

interface ChoicesProps {
  readonly choice: ExploreChoice
  readonly queried: QueriedMetric | undefined
}

function Choices({ choice, queried }: ChoicesProps) {
  return (
    <div class="choices">
      {queried !== undefined && queried.part !== 'series' && queried.metric.kind === 'histogram' && (
        <Choice title="Part">
          <Segments
            label="Part"
            options={partTitles.map(([id, title]) => ({ id, title }))}
            selected={queried.part}
            onSelect={(part) => choosePart(queried, part)}
          />
        </Choice>
      )}
      <FunctionChoice choice={choice} queried={queried} />
      {choice.function === 'quantile' && <QuantileChoice choice={choice} />}
      {choice.function !== 'value' && choice.chart !== 'heat-map' && <WindowChoice choice={choice} />}
      {queried !== undefined && <FilterChoice choice={choice} queried={queried} />}
      {queried !== undefined && choice.chart !== 'heat-map' && <GroupChoice choice={choice} queried={queried} />}
      <ChartChoice choice={choice} queried={queried} />
    </div>
  )
}

function Choice({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <div class="choice">
      <span class="choice-title" aria-hidden="true">
        {title}
      </span>
      {children}
    </div>
  )
}

function choosePart({ metric }: QueriedMetric, part: Part): void {
  const name = part === 'distribution' ? metric.name : `${metric.name}_${part}`
  change(chooseMetric(name, { metric, part }, route.peek().parameters))
}

function FunctionChoice({ choice, queried }: ChoicesProps) {
  const offered = functionsOf(queried)
  // A function of an address stays to be seen, whether or not it makes sense.
  const all = [...new Set([...offered, choice.function])]
  if (all.length === 1) return null
  return (
    <Choice title="Function">
      <Segments
        label="Function"
        options={all.map((id) => ({ id, ...(functionTexts[id] ?? { title: id }) }))}
        selected={choice.function}
        onSelect={(name) => change({ function: name === offered[0] ? undefined : name, quantile: undefined })}
      />
    </Choice>
  )
}

function QuantileChoice({ choice: { quantiles } }: { readonly choice: ExploreChoice }) {
  const all = [...new Set([...offeredQuantiles, ...quantiles])].sort((a, b) => a - b)
  const toggle = (quantile: number): void => {
    const next = quantiles.includes(quantile) ? quantiles.filter((one) => one !== quantile) : [...quantiles, quantile]
    if (next.length > 0) change({ quantile: next.sort((a, b) => a - b).join(',') })
  }
  return (
    <Choice title="Quantiles">
      <fieldset class="segments" aria-label="Quantiles">
        {all.map((quantile) => (
          <button key={quantile} type="button" aria-pressed={quantiles.includes(quantile)} onClick={() => toggle(quantile)}>
            {quantileName(quantile)}
          </button>
        ))}
      </fieldset>
    </Choice>
  )
}

function WindowChoice({ choice }: { readonly choice: ExploreChoice }) {
  const { window: chosen, ...rest } = choice
  const automatic = windowOf(toRangeQuery({ ...rest, window: undefined }), timeRange.value.stepMs)
  const offered: readonly string[] = chosen === undefined ? offeredWindows : [...new Set([...offeredWindows, chosen])]
  return (
    <Choice title="Window">
      <select
        class="control"
        aria-label="Window"
        title="How far back the function looks at each point"
        value={chosen ?? ''}
        onChange={({ currentTarget }) => change({ window: currentTarget.value || undefined })}
      >
        <option value="">Automatic: {automatic}</option>
        {offered.map((window) => (
          <option key={window} value={window}>
            {window}
          </option>
        ))}
      </select>
    </Choice>
  )
}

function FilterChoice({ choice, queried }: ChoicesProps & { readonly queried: QueriedMetric }) {
  const { value, reload } = useAnswer(`api/v1/catalog/${encodeURIComponent(queried.metric.name)}`, {}, { refresh: 'never' })
  const labels = [...new Set([...labelsOf(queried), ...Object.keys(choice.labels)])]
  if (labels.length === 0) return null
  return (
    <Choice title="Only">
      <div class="toolbar">
        {labels.map((label) => (
          <LabelFilter
            key={label}
            label={label}
            values={value?.values[label] ?? []}
            chosen={choice.labels[label] ?? []}
            onChange={(values) => change(chooseValues(label, values))}
            onOpen={reload}
          />
        ))}
      </div>
    </Choice>
  )
}

function GroupChoice({ choice, queried }: ChoicesProps & { readonly queried: QueriedMetric }) {
  const { by, function: name, aggregate = 'sum' } = choice
  const labels = [...new Set([...labelsOf(queried), ...(by ?? [])])].filter((label) => name !== 'quantile' || label !== 'le')
  if (labels.length === 0) return null
  const toggle = (label: string): void => {
    const next = by?.includes(label) ? by.filter((one) => one !== label) : [...(by ?? []), label]
    change({ by: joinBy(next) })
  }
  return (
    <>
      <Choice title="Combine">
        <fieldset class="segments" aria-label="Combine series">
          <button
            type="button"
            aria-pressed={by === undefined}
            title="Every series for itself"
            onClick={() => change({ by: undefined, aggregate: undefined })}
          >
            Nothing
          </button>
          {labels.map((label) => (
            <button
              key={label}
              type="button"
              aria-pressed={by?.includes(label) === true}
              title={`One result for each value of ${label}`}
              onClick={() => toggle(label)}
            >
              by {label}
            </button>
          ))}
          <button
            type="button"
            aria-pressed={by?.length === 0}
            title="One result of all series"
            onClick={() => change({ by: joinBy([]) })}
          >
            All
          </button>
        </fieldset>
      </Choice>
      {by !== undefined && name !== 'quantile' && (
        <Choice title="With">
          <Segments
            label="Combine with"
            options={aggregates.map((id) => ({ id, title: id }))}
            selected={aggregate}
            onSelect={(next) => change({ aggregate: next === 'sum' ? undefined : next })}
          />
        </Choice>
      )}
    </>
  )
}

function ChartChoice({ choice, queried }: ChoicesProps) {
  const usual = choice.function === 'quantile' ? 'logarithmic' : 'lines'
  const offered: readonly ChartKind[] =
    queried?.part === 'distribution' ? ['logarithmic', 'lines', 'heat-map'] : ['lines', 'stacked', 'logarithmic']
  return (
    <Choice title="Chart">
      <Segments
        label="Chart"
        options={offered.map((id) => ({ id, title: chartTitles[id] }))}
        selected={choice.chart}
        onSelect={(chart) => change({ chart: chart === usual ? undefined : chart })}
      />
    </Choice>
  )
}

interface Suggestion {
  readonly title: string
  readonly description: string
  readonly parameters: ParametersOf<'explore'> & { readonly metric: string }
}

/** Questions with which to begin. */
const suggestions: readonly Suggestion[] = [
  {
    title: 'Gets per second by store',
    description: 'Which store has the most traffic?',
    parameters: { metric: 'db_get_operations_total', by: 'store' },
  },
  {
    title: 'Latency of sets',
    description: 'P50, P95 and P99 of each store.',
    parameters: { metric: 'db_set_latency_seconds' },
  },
  {
    title: 'All latencies of gets',
    description: 'A heat map shows what quantiles hide.',
    parameters: { metric: 'db_get_latency_seconds', chart: 'heat-map' },
  },
  {
    title: 'Space on disk by store',
    description: 'Which store grows?',
    parameters: { metric: 'db_total_disk_bytes', chart: 'stacked' },
  },
  {
    title: 'Files of each level',
    description: 'Does compaction keep up?',
    parameters: { metric: 'db_level_files', by: 'level' },
  },
  {
    title: 'Failed operations',
    description: 'By store, operation and kind of error.',
    parameters: { metric: 'db_errors_total' },
  },
  {
    title: 'Longest delay of the event loop',
    description: 'P99 of how late the process was.',
    parameters: { metric: 'wombat_process_event_loop_delay_seconds', quantile: '0.99' },
  },
  {
    title: 'Memory of the process',
    description: 'What the operating system sees.',
    parameters: { metric: 'wombat_process_resident_memory_bytes' },
  },
]

function Suggestions({ metrics }: { readonly metrics: readonly CatalogMetric[] }) {
  const withSeries = suggestions.filter(({ parameters: { metric } }) => (findMetric(metrics, metric)?.metric.series ?? 0) > 0)
  return (
    <>
      <h2 class="section-title">Or begin with one of these</h2>
      <CardGrid size="narrow">
        {withSeries.map(({ title, description, parameters }) => (
          <a key={title} class="card suggestion" href={linkTo('explore', parameters)}>
            <strong>{title}</strong>
            <span class="muted">{description}</span>
            <code class="suggestion-metric muted">{parameters.metric}</code>
          </a>
        ))}
      </CardGrid>
    </>
  )
}
