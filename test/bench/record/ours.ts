import { MeterProvider, type MetricReader } from '@opentelemetry/sdk-metrics'
import { bindToMeter, MetricsRegistry } from '@wombat/instrumentation'
import { RegistryProducer, SnapshotReader } from '@wombat/monitor'
import type { Case } from '../comparison.ts'
import { collectAll, QuietReader } from '../recording/quiet-reader.ts'

/** Our cells, with readers that look at them where they lie: the first as the monitor's own, the others as an OTLP exporter's. */
export function ourCells(name: string, readerCount: number, values: Float64Array): Case {
  const registry = new MetricsRegistry()
  const first = new SnapshotReader()
  first.follow(registry)
  const readers: MetricReader[] = [first]
  while (readers.length < readerCount) readers.push(new QuietReader({ metricProducers: [new RegistryProducer(registry)] }))
  new MeterProvider({ readers })
  return recording(name, registry, readers, values)
}

/** Our cells on an application's Meter: the SDK's histogram has to be told of every value, and takes its own time. */
export function ourCellsOnMeter(name: string, values: Float64Array): Case {
  const registry = new MetricsRegistry()
  const readers = [new QuietReader()]
  bindToMeter(registry, new MeterProvider({ readers }).getMeter('bench'))
  return recording(name, registry, readers, values)
}

function recording(name: string, registry: MetricsRegistry, readers: readonly MetricReader[], values: Float64Array): Case {
  const labels = { store: 'bench' }
  const operations = registry.counter('db_get_operations_total', labels)
  const latency = registry.histogram('db_get_latency_seconds', labels)
  return {
    name,
    before: () => collectAll(readers),
    pass() {
      for (const seconds of values) {
        operations.add(1)
        latency.record(seconds)
      }
    },
  }
}
