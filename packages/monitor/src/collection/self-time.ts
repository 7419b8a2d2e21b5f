import type { MetricsRegistry } from '@wombat/instrumentation'

/** What the monitor keeps the event loop busy with. */
export const selfTimeParts = ['collection', 'export', 'serving', 'history', 'alerts', 'health'] as const
export type SelfTimePart = (typeof selfTimeParts)[number]

/** Does a piece of the monitor's own work and adds its time to `wombat_monitor_busy_seconds_total`. */
export function trackSelfTime<Result>(registry: MetricsRegistry, part: SelfTimePart, work: () => Result): Result {
  const startMs = performance.now()
  try {
    return work()
  } finally {
    registry.incrementCounter('wombat_monitor_busy_seconds_total', (performance.now() - startMs) / 1000, { part })
  }
}
