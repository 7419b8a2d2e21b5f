// What such an application has already, in a file of its own: where the metrics of all its libraries go.
import { metrics } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

// OTEL_EXPORTER_PROMETHEUS_HOST and _PORT say where; by default every address of this machine, at 9464.
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [new PrometheusExporter()] }))
