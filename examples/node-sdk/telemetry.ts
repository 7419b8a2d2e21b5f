import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { createMonitoring, SnapshotReader } from '@wombat/monitor'

// Alerts, health checks, history and the JSON API read from this reader.
const reader = new SnapshotReader()

/** Your OpenTelemetry SDK, which exports to OTEL_EXPORTER_OTLP_ENDPOINT. */
export const sdk = new NodeSDK({
  serviceName: 'orders',
  metricReaders: [reader, new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter() })],
  traceExporter: new OTLPTraceExporter(),
})
sdk.start()

/** Each operation of a store becomes a span, as a child of the active span. */
export const monitoring = await createMonitoring(reader, { enableOperationTracing: true })
