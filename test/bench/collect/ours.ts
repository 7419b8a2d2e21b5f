import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { DatabaseMetrics, MetricsRegistry, operations } from '@wombat/instrumentation'
import { type Snapshot, SnapshotReader } from '@wombat/monitor'

// The page without HTTP is not public.
const pagesUrl = new URL('../../../../packages/monitor/dist/http/prometheus-pages.js', import.meta.url)
const { PrometheusPages }: typeof import('../../../packages/monitor/dist/http/prometheus-pages.js') = await import(pagesUrl.href)

/** The formats of the page. */
export const formats = ['text', 'openmetrics', 'protobuf'] as const
export type Format = (typeof formats)[number]

/** Creates stores with operations of these durations, and reads them in the same way as the monitor. */
export function ourStores(stores: readonly string[], durations: Float64Array) {
  const registry = new MetricsRegistry()
  for (const store of stores) {
    const metrics = new DatabaseMetrics(registry, { store, operations })
    for (const operation of operations) {
      for (const seconds of durations) metrics.record(operation, seconds * 1e9, true, { entries: 1 })
    }
  }
  return readRegistry(registry)
}

/** Reads a registry in the same way as the monitor. */
export function readRegistry(registry: MetricsRegistry) {
  const reader = new SnapshotReader()
  new MeterProvider({ readers: [reader] })
  // The metrics of the monitor itself are not part of the comparison.
  const own = new MetricsRegistry()
  reader.follow(registry, undefined, own)
  const pages = new PrometheusPages(reader, own, { nativeHistograms: true })
  return {
    snapshot: (): Promise<Snapshot> => reader.take(),
    /** Creates the page, and passes on its parts as they are sent. */
    page: async (format: Format, send: (part: Uint8Array) => void = () => {}): Promise<void> => {
      const client = pages.open(format, false)
      if (client === undefined) throw new Error('too many pages at the same time')
      for (let part = await client.parts.next(); part !== undefined; part = await client.parts.next()) send(part)
    },
  }
}
