import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { isExported, type Semconv } from '@wombat/instrumentation'

/** What of a collection leaves the process under these conventions. */
export function exportedOnly(resourceMetrics: ResourceMetrics, semconv: Semconv): ResourceMetrics {
  if (semconv !== 'otel') return resourceMetrics
  return {
    ...resourceMetrics,
    scopeMetrics: resourceMetrics.scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.filter(({ descriptor }) => isExported(descriptor.name, semconv)),
    })),
  }
}
