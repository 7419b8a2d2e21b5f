import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { Semconv } from '@wombat/instrumentation'
import { clientOperationDuration, isExported } from '@wombat/instrumentation/internal'
import type { Snapshot } from '../collection/snapshot.ts'

/** Prometheus' text format 0.0.4 with its version: without one, Prometheus 3 has to guess. */
export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * A snapshot in Prometheus' text format. Scope labels are left out, so that a series has the labels it has over OTLP.
 */
export function prometheusText(snapshot: Snapshot, semconv: Semconv): string {
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true)
  return `${serializer.serialize(withUnitInName(filterSemconv(snapshot.resourceMetrics, semconv)))}\n`
}

/**
 * Prometheus and the Collector add the unit to OpenTelemetry's dotted names, this serializer does not
 * (opentelemetry-js#3466). Ours have theirs already; the convention's gets it here, so that its name is one by every route.
 */
function withUnitInName(resourceMetrics: ResourceMetrics): ResourceMetrics {
  const named = (metric: MetricData): MetricData =>
    metric.descriptor.name === clientOperationDuration.name
      ? { ...metric, descriptor: { ...metric.descriptor, name: `${metric.descriptor.name}.seconds` } }
      : metric
  return {
    ...resourceMetrics,
    scopeMetrics: resourceMetrics.scopeMetrics.map(({ scope, metrics }) => ({ scope, metrics: metrics.map(named) })),
  }
}

/** What of a collection leaves the process under these conventions. */
function filterSemconv(resourceMetrics: ResourceMetrics, semconv: Semconv): ResourceMetrics {
  if (semconv !== 'otel') return resourceMetrics
  return {
    ...resourceMetrics,
    scopeMetrics: resourceMetrics.scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.filter(({ descriptor }) => isExported(descriptor.name, semconv)),
    })),
  }
}
