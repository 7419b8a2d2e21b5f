import type { MetricsRegistry } from '@wombat/instrumentation'
import { calloutTargets, rejectReasons } from '@wombat/instrumentation/internal'
import type { Component } from '../component.ts'

/** The parts of the monitor for which the time that their work takes is recorded. */
const selfTimeParts = ['collection', 'export', 'serving', 'history', 'alerts', 'health'] as const
type SelfTimePart = (typeof selfTimeParts)[number]

/** Runs a piece of the monitor's own work and adds its time to `wombat_monitor_busy_seconds_total`. */
export function trackSelfTime<Result>(registry: MetricsRegistry, part: SelfTimePart, work: () => Result): Result {
  const startMs = performance.now()
  try {
    return work()
  } finally {
    addSelfTime(registry, part, (performance.now() - startMs) / 1000)
  }
}

/** Adds time of the monitor's own work to `wombat_monitor_busy_seconds_total`. */
export function addSelfTime(registry: MetricsRegistry, part: SelfTimePart, seconds: number): void {
  registry.incrementCounter('wombat_monitor_busy_seconds_total', seconds, { part })
}

/** Gauges that the monitor sets, and that are unknown when it is closed. */
const monitorGauges: ReadonlySet<string> = new Set([
  'db_alerts',
  'wombat_monitor_history_bytes',
  'wombat_monitor_history_file_bytes',
  'wombat_monitor_history_limit_bytes',
  'wombat_monitor_history_reach_seconds',
  'wombat_monitor_latency_sample_ratio',
  'wombat_monitor_operation_cost_seconds',
  'wombat_monitor_overhead_ratio',
  'wombat_monitor_notifications_pending',
  'wombat_monitor_alert_rules_unmatched',
  'wombat_monitor_points',
])

/** Publishes the monitor's own metrics at 0 from the start, and withdraws its gauges at the end: they would keep their last value. */
export function createSelfMetrics(registry: MetricsRegistry): Component {
  return {
    start: () => {
      for (const reason of rejectReasons) registry.counter('wombat_monitor_refused_values_total', { reason })
      for (const part of selfTimeParts) registry.counter('wombat_monitor_busy_seconds_total', { part })
      registry.counter('wombat_monitor_source_failures_total')
      for (const target of calloutTargets) registry.counter('wombat_monitor_callout_failures_total', { target })
      // Stores that were measured before the monitoring started may have filled metrics already.
      registry.setGauge('wombat_monitor_overflowed_metrics', registry.gauge('wombat_monitor_overflowed_metrics').value ?? 0)
      registry.histogram('wombat_monitor_collection_duration_seconds')
    },
    close: () => withdrawGauges(registry),
  }
}

function withdrawGauges(registry: MetricsRegistry): void {
  const { enabled } = registry
  // A disabled registry ignores changes of its gauges.
  registry.enabled = true
  for (const { definition, series } of registry.families()) {
    if (!monitorGauges.has(definition.name)) continue
    for (const { instrument } of series.values()) if ('set' in instrument) instrument.set(undefined)
  }
  registry.enabled = enabled
}
