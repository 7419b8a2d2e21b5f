import { MeterProvider, type MetricReader } from '@opentelemetry/sdk-metrics'
import { bindToMeter, MetricsRegistry } from '@wombat/instrumentation'
import { RegistryProducer, SnapshotReader } from '@wombat/monitor'
import type { Case } from '../comparison.ts'
import { collectAll, QuietReader } from '../recording/quiet-reader.ts'

/** Records with Wombat's instruments, read by the monitor's own reader and by readers of an OTLP exporter. */
export function recordWithReaders(name: string, readerCount: number, values: Float64Array): Case {
  const registry = new MetricsRegistry()
  const first = new SnapshotReader()
  first.follow(registry)
  const readers: MetricReader[] = [first]
  while (readers.length < readerCount) readers.push(new QuietReader({ metricProducers: [new RegistryProducer(registry)] }))
  new MeterProvider({ readers })
  return recording(name, registry, readers, values)
}

/** Records with Wombat's instruments on an application's Meter: every value is also recorded in the SDK's histogram. */
export function recordOnMeter(name: string, values: Float64Array): Case {
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
