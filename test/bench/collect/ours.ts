import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { DatabaseMetrics, MetricsRegistry, operations } from '@wombat/instrumentation'
import { prometheusText, type Snapshot, SnapshotReader } from '@wombat/monitor'

/** Creates stores with operations of these durations, and collects them in the same way as the monitor. */
export function ourStores(stores: readonly string[], durations: Float64Array) {
  const registry = new MetricsRegistry()
  for (const store of stores) {
    const metrics = new DatabaseMetrics(registry, { store, operations })
    for (const operation of operations) {
      for (const seconds of durations) metrics.record(operation, seconds * 1e9, true, { entries: 1 })
    }
  }
  const reader = new SnapshotReader()
  new MeterProvider({ readers: [reader] })
  reader.follow(registry)
  return {
    snapshot: (): Promise<Snapshot> => reader.take(),
    text: async (): Promise<string> => prometheusText(await reader.take(), registry.semconv),
  }
}
