import { type MetricName, metrics, operations, storeAdapters } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'

const kinds = ['operations', 'latency', 'errors'] as const

/**
 * Returns the catalog's descriptions of these metrics, one per line. Descriptions of the same metric of several operations differ only
 * in the operation, so the first one is followed by the names of the others.
 */
export function describeMetrics(names: readonly MetricName[]): string {
  const describedNames = new Set<MetricName>()
  return names
    .filter((name) => {
      const isNew = !describedNames.has(name)
      for (const counterpart of counterparts(name)) describedNames.add(counterpart)
      return isNew
    })
    .map((name) => [metrics[name].description, ...otherOperations(name, names)].join(' '))
    .join('\n')
}

/** Returns the same metric of all operations; for other metrics, the metric alone. */
function counterparts(name: MetricName): readonly MetricName[] {
  const kind = kinds.find((each) => operations.some((operation) => operationMetrics(operation)[each] === name))
  return kind === undefined ? [name] : operations.map((operation) => operationMetrics(operation)[kind])
}

function otherOperations(name: MetricName, shown: readonly MetricName[]): string[] {
  const others = operations.filter((_operation, index) => {
    const other = counterparts(name)[index]
    return other !== undefined && other !== name && shown.includes(other)
  })
  return others.length === 0 ? [] : [`The same for ${others.join(', ')}.`]
}

/** Metrics that every store and process has, whatever its engine. */
const engineIndependent =
  /^(?:wombat_|db_(?:errors|batch_entries|scan_entries|queue_depth|oldest_operation|sublevel_|slow_operations|open_iterators|oldest_iterator|abandoned_iterators|store_info|health|alerts))/

/**
 * Returns the no-value text of a panel. It names the engines that report its metrics, from the adapters' own lists, so that the text
 * follows when an adapter reports more.
 */
export function noValueText(names: readonly MetricName[]): string {
  const operationMetricNames = new Set<string>(operations.flatMap((operation) => Object.values(operationMetrics(operation))))
  const engineMetricNames = names.filter((name) => !operationMetricNames.has(name) && !engineIndependent.test(name))
  if (engineMetricNames.length === 0) return 'No data in this time range.'
  const metricsByEngine = storeAdapters.flatMap(({ engineMetrics }) => Object.entries(engineMetrics))
  const withAll = metricsByEngine.filter(([, metricNames]) => engineMetricNames.every((name) => metricNames.includes(name)))
  const withSome = metricsByEngine.filter(([, metricNames]) => engineMetricNames.some((name) => metricNames.includes(name)))
  const engines = [...new Set((withAll.length > 0 ? withAll : withSome).map(([engine]) => engine))].sort()
  return engines.length === 0
    ? 'No engine reports this. A custom store can, with DatabaseMetrics and StorageMetrics.'
    : `No data. Engines that report this: ${engines.join(', ')}.`
}
