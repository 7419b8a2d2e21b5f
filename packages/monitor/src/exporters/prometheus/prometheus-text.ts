import { createRequire } from 'node:module'
import type { ResourceMetrics } from '@opentelemetry/sdk-metrics'
import type { Semconv } from '@wombat/instrumentation'
import { isExported } from '@wombat/instrumentation/internal'
import type { Snapshot } from '../../collection/snapshot.ts'

/**
 * Returns a snapshot in Prometheus' text format 0.0.4: valid whatever the application's own metrics are called. It has no scope labels,
 * so that a series has the same labels as over OTLP.
 *
 * @param semconv the names under which operations are exported.
 * @example
 * ```js
 * import assert from 'node:assert/strict'
 * import { prometheusText, startMonitoring } from '@wombat/monitor'
 *
 * const monitoring = await startMonitoring({ jsonApiEnabled: false })
 * const store = monitoring.instrument(new Map(), { name: 'sessions' })
 * store.set('a', 1)
 *
 * const text = prometheusText(await monitoring.snapshot(), 'wombat')
 * assert.match(text, /^db_set_operations_total\{store="sessions"\} 1$/m)
 *
 * await monitoring.close()
 * ```
 */
export function prometheusText(snapshot: Snapshot, semconv: Semconv): string {
  // Loaded when it is used: it takes 7 MiB.
  const { PrometheusSerializer }: typeof import('@opentelemetry/exporter-prometheus') = createRequire(import.meta.url)(
    '@opentelemetry/exporter-prometheus',
  )
  const serializer = new PrometheusSerializer(undefined, false, undefined, false, true)
  return `${serializer.serialize(filterSemconv(snapshot.prometheus.resourceMetrics, semconv))}\n`
}

/** Leaves out the metrics that are not exported under these conventions. */
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
