import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { Semconv } from '@wombat/instrumentation'
import { isExported } from '@wombat/instrumentation/internal'

/** What of a collection leaves the process under these conventions. */
export function filterSemconv(resourceMetrics: ResourceMetrics, semconv: Semconv): ResourceMetrics {
  if (semconv !== 'otel') return resourceMetrics
  return {
    ...resourceMetrics,
    scopeMetrics: resourceMetrics.scopeMetrics.map(({ scope, metrics }) => ({
      scope,
      metrics: metrics.filter(({ descriptor }) => isExported(descriptor.name, semconv)),
    })),
  }
}
