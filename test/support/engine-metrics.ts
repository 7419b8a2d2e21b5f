import { type MetricName, storeAdapters } from '@wombat/instrumentation'

/**
 * Returns the metrics that the adapters publish for an engine, `leveldb` for example.
 *
 * @throws Error if no adapter publishes metrics for it.
 */
export function engineMetricNames(engine: string): readonly MetricName[] {
  const names = storeAdapters.flatMap(({ engineMetrics }) => engineMetrics[engine] ?? [])
  if (names.length === 0) throw new Error(`no adapter publishes metrics for the engine ${engine}`)
  return [...new Set(names)]
}
