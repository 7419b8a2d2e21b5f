// What an application with types passes from its own OpenTelemetry to Wombat.
import { metrics, trace } from '@opentelemetry/api'
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { bindToMeter, instrument, MetricsRegistry } from '@wombat/instrumentation'
import { createMonitoring, type Monitoring, RegistryProducer, SnapshotReader, startMonitoring } from '@wombat/monitor'

export async function start(exporter: PushMetricExporter): Promise<Monitoring[]> {
  const reader = new SnapshotReader()
  const registry = new MetricsRegistry()
  // The cast is for pnpm with SDK 2: there `@wombat/monitor` has a copy of `@wombat/instrumentation` of its own.
  const producer = new RegistryProducer(registry as never)
  // With SDK 3, `as never` is not needed. The types of SDK 2 do not allow a reader of SDK 3, although it works.
  const meterProvider = new MeterProvider({
    readers: [reader as never, new PeriodicExportingMetricReader({ exporter, metricProducers: [producer as never] })],
  })
  metrics.setGlobalMeterProvider(meterProvider)
  bindToMeter(registry, meterProvider.getMeter('app'))
  instrument(new Map<string, string>(), { name: 'cache', meterProvider })
  return [
    await createMonitoring(reader, { meterProvider, tracerProvider: trace.getTracerProvider() }),
    await startMonitoring({ tracerProvider: trace.getTracerProvider(), resource: { 'service.name': 'shop' } }),
  ]
}
