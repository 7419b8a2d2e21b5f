import { type MetricName, metrics, operations, storeAdapters } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'

const kinds = ['operations', 'latency', 'errors'] as const

/** The catalogue's sentences about these metrics. Those of the operations differ in one word, so one speaks for all. */
export function describePanel(names: readonly MetricName[]): string {
  const said = new Set<MetricName>()
  return names
    .filter((name) => {
      const isNew = !said.has(name)
      for (const each of alike(name)) said.add(each)
      return isNew
    })
    .map((name) => [metrics[name].description, ...likewise(name, names)].join(' '))
    .join('\n')
}

/** The same metric of all operations; of any other metric, itself. */
function alike(name: MetricName): readonly MetricName[] {
  const kind = kinds.find((each) => operations.some((operation) => operationMetrics(operation)[each] === name))
  return kind === undefined ? [name] : operations.map((operation) => operationMetrics(operation)[kind])
}

function likewise(name: MetricName, shown: readonly MetricName[]): string[] {
  const others = operations.filter((_operation, index) => {
    const other = alike(name)[index]
    return other !== undefined && other !== name && shown.includes(other)
  })
  return others.length === 0 ? [] : [`Likewise for ${others.join(', ')}.`]
}

/** What every measured store has, whatever its engine says. */
const general =
  /^(?:wombat_|db_(?:errors|batch_entries|scan_entries|queue_depth|oldest_operation|slow_operations|open_iterators|store_info|health|alerts))/

/**
 * What an empty panel says: which engines supply what it shows. From the adapters' own lists, so that an engine that learns to
 * say more is named here the same day.
 */
export function noValueText(names: readonly MetricName[]): string {
  const ofOperations = new Set<string>(operations.flatMap((operation) => Object.values(operationMetrics(operation))))
  const ofEngines = names.filter((name) => !ofOperations.has(name) && !general.test(name))
  if (ofEngines.length === 0) return 'Nothing was measured in this time.'
  const supplied = storeAdapters.flatMap(({ engineMetrics }) => Object.entries(engineMetrics))
  const engines = supplied
    .filter(([, metricsOfIt]) => ofEngines.every((name) => metricsOfIt.includes(name)))
    .map(([engine]) => engine)
  const some = supplied
    .filter(([, metricsOfIt]) => ofEngines.some((name) => metricsOfIt.includes(name)))
    .map(([engine]) => engine)
  const known = [...new Set(engines.length > 0 ? engines : some)].sort()
  if (known.length === 0)
    return 'No engine says this of itself; a store of your own can, through DatabaseMetrics and StorageMetrics.'
  return `Nothing was said. Engines that say it: ${known.join(', ')}.`
}
