import { colorToken, operationColor, quantileColor, storeColor } from '../../charts/colors.ts'
import { HeatMap } from '../../charts/heat-map.tsx'
import { RangeChart } from '../../charts/range-chart.tsx'
import { CardGrid } from '../../components/card.tsx'
import { Empty } from '../../components/notices.tsx'
import { Segments } from '../../components/tabs.tsx'
import { useVisible } from '../../components/use-visible.ts'
import { countMetric, latencyMetric, operationIn, operations, ratesByOperation } from '../../data/operation-metrics.ts'
import type { PointSeries } from '../../data/range-points.ts'
import { selectedStore, useStores } from '../../data/stores.ts'
import { useHeatMap } from '../../data/use-heat-map.ts'
import { operationName, quantileName } from '../../format/names.ts'
import { parameter, setParameters } from '../../router.ts'
import { OperationTable } from './operation-table.tsx'

/** More stores than this cannot be told apart in one chart. */
const maxStoresInChart = 8

/** What the operations of one store, or of all stores, do over the range of the page. */
export function OperationsView() {
  const { value } = useStores()
  const store = selectedStore.value
  const chosen = parameter('operations', 'operation')
  const known = value?.stores.filter((one) => store === undefined || one.store === store) ?? []
  // Before the stores are known, all operations are asked for; after, only those that exist.
  const existing = operations.filter(
    (operation) => value === undefined || known.some((one) => one.operations.includes(operation)),
  )
  if (value !== undefined && store !== undefined && known.length === 0) {
    return <Empty>There is no store {store} any more. Choose another one above.</Empty>
  }
  if (value !== undefined && existing.length === 0) {
    return <Empty>No operations yet. They appear as soon as the application uses {store ?? 'a store'}.</Empty>
  }
  const shown = chosen !== undefined && existing.includes(chosen as never) ? [chosen] : existing
  const isOne = shown.length === 1
  return (
    <>
      <OperationTable store={store} existing={existing} selected={isOne ? shown[0] : undefined} />
      <div class="toolbar">
        <Segments
          label="Operation"
          options={[{ id: '', title: 'All operations' }, ...existing.map((id) => ({ id, title: operationName(id) }))]}
          selected={isOne && existing.length > 1 ? shown[0] : ''}
          onSelect={(operation) => setParameters('operations', { operation })}
        />
      </div>
      <CardGrid size="wide">
        <RateChart store={store} shown={shown} />
        <RangeChart
          title={`Latency of ${isOne ? operationName(shown[0] ?? '') : 'all operations'}`}
          unit="s"
          isLogarithmic
          query={{
            metric: shown.map(latencyMetric),
            function: 'quantile',
            quantile: [0.5, 0.95, 0.99],
            labels: { store },
            by: [],
          }}
          name={({ quantile = 0 }) => quantileName(quantile)}
          color={({ quantile = 0 }) => quantileColor(quantile)}
          order={(a, b) => (a.quantile ?? 0) - (b.quantile ?? 0)}
        />
        <LatencyHeatMap store={store} shown={shown} />
        {!isOne && (
          <RangeChart
            title="P99 by operation"
            unit="s"
            isLogarithmic
            query={{
              metric: shown.map(latencyMetric),
              function: 'quantile',
              quantile: 0.99,
              labels: { store },
              by: ['__name__'],
            }}
            name={nameOfOperation}
            color={colorOfOperation}
            order={byOperation}
          />
        )}
        <RangeChart
          title="Failed operations"
          unit="{error}/s"
          query={{
            metric: 'db_errors_total',
            function: 'rate',
            labels: { store, operation: isOne ? shown[0] : undefined },
            by: ['operation', 'error_type'],
          }}
          name={({ labels }) => `${operationName(labels['operation'] ?? '')}: ${labels['error_type']}`}
          empty={`No ${isOne ? operationName(shown[0] ?? '') : 'operation'} failed in this range.`}
        />
        {store === undefined && known.length > 1 && <RateByStore shown={shown} />}
        <RangeChart
          title="Operations in flight"
          unit="{operation}"
          query={{ metric: 'db_queue_depth', labels: { store }, by: [] }}
          name={() => 'in flight'}
          isHiddenIfEmpty
        />
        <RangeChart
          title="Age of the oldest operation in flight"
          subtitle="It grows for as long as the store does not answer."
          unit="s"
          query={{ metric: 'db_oldest_operation_age_seconds', labels: { store }, by: [], aggregate: 'max' }}
          name={() => 'oldest'}
          color={() => colorToken(1)}
          isHiddenIfEmpty
        />
        {known.some(({ metrics }) => metrics.includes('db_get_hits_total')) && (
          <RangeChart
            title="Hits and misses of gets"
            unit="{operation}/s"
            isStacked
            query={{
              metric: ['db_get_hits_total', 'db_get_misses_total'],
              function: 'rate',
              labels: { store },
              by: ['__name__'],
            }}
            name={(series) => (isHits(series) ? 'hits' : 'misses')}
            color={(series) => (isHits(series) ? '--series-3' : '--series-6')}
            isHiddenIfEmpty
          />
        )}
      </CardGrid>
    </>
  )
}

interface ShownProps {
  readonly store: string | undefined
  readonly shown: readonly string[]
}

function RateChart({ store, shown }: ShownProps) {
  return (
    <RangeChart
      title="Operations per second"
      unit="{operation}/s"
      query={ratesByOperation(shown, store)}
      name={nameOfOperation}
      color={colorOfOperation}
      order={byOperation}
      isStacked={shown.length > 1}
    />
  )
}

/** The busiest stores beside each other. */
function RateByStore({ shown }: { readonly shown: readonly string[] }) {
  const { value } = useStores()
  const busiest = [...(value?.stores ?? [])]
    .sort((a, b) => (b.operationsPerSecond ?? 0) - (a.operationsPerSecond ?? 0))
    .slice(0, maxStoresInChart)
    .map(({ store }) => store)
    .sort()
  const isAll = busiest.length === value?.stores.length
  return (
    <RangeChart
      title={isAll ? 'Operations per second by store' : `Operations per second of the ${busiest.length} busiest stores`}
      unit="{operation}/s"
      query={{ metric: shown.map(countMetric), function: 'rate', labels: { store: busiest }, by: ['store'] }}
      name={({ labels }) => labels['store'] ?? ''}
      color={({ labels }) => storeColor(labels['store'] ?? '')}
    />
  )
}

function LatencyHeatMap({ store, shown }: ShownProps) {
  const [element, isVisible] = useVisible<HTMLDivElement>()
  const { answer, startMs, endMs, isLoading, error, reload } = useHeatMap(
    isVisible ? { metric: shown.map(latencyMetric), labels: { store } } : undefined,
  )
  return (
    <div ref={element} class="chart-cell card-double">
      <HeatMap
        title={`Latencies of ${shown.length === 1 ? operationName(shown[0] ?? '') : 'all operations'} over time`}
        subtitle="The darker or brighter a cell, the more operations took as long. Two bands are two kinds of operations, for example from memory and from disk."
        unit="s"
        counted="operations"
        answer={answer}
        startMs={startMs}
        endMs={endMs}
        isLoading={isLoading}
        error={error}
        onRetry={reload}
      />
    </div>
  )
}

function nameOfOperation(series: PointSeries): string {
  return operationName(operationIn(series) ?? '')
}

function colorOfOperation(series: PointSeries): string {
  return operationColor(operationIn(series) ?? '')
}

function byOperation(a: PointSeries, b: PointSeries): number {
  const order: readonly string[] = operations
  return order.indexOf(operationIn(a) ?? '') - order.indexOf(operationIn(b) ?? '')
}

function isHits({ metric, labels }: PointSeries): boolean {
  return (metric ?? labels['__name__']) === 'db_get_hits_total'
}
