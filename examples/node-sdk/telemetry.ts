import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { createMonitoring, SnapshotReader } from '@wombat/monitor'

// Our reader is one among yours: alerts, health, history and the JSON API read from it.
const reader = new SnapshotReader()

/** OpenTelemetry as it is yours: it sends, to where OTEL_EXPORTER_OTLP_ENDPOINT says. */
export const sdk = new NodeSDK({
  serviceName: 'orders',
  metricReaders: [reader, new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })],
  traceExporter: new OTLPTraceExporter(),
})
sdk.start()

/** Each operation of a store becomes a span below whatever span it was called in. */
export const monitoring = await createMonitoring(reader, { enableOperationTracing: true })
