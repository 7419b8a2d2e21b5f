// The existing OpenTelemetry setup of such an application, which exports the metrics of all its libraries.
import { metrics } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'

const port = Number(process.env.OTEL_EXPORTER_PROMETHEUS_PORT ?? 9464)
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [new PrometheusExporter({ host: '127.0.0.1', port })] }))
