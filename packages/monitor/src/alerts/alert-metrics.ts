import type { Gauge, Labels, MetricsRegistry } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { PausableWork } from '../time/time-slices.ts'
import type { Alert } from './manager.ts'

/** Records pending and firing alerts as the gauge `db_alerts`, with labels `store`, `alertname`, `severity` and `state`. */
export class AlertMetrics {
  readonly #registry: MetricsRegistry
  #published = new Map<string, Gauge>()

  constructor(registry: MetricsRegistry) {
    this.#registry = registry
  }

  /** Replaces the published gauges: one for each set of labels, with the number of its alerts. May pause between two alerts. */
  *publish(alerts: readonly Alert[]): PausableWork<void> {
    const counts = new Map<string, { labels: Labels; count: number }>()
    for (const { labels, state } of alerts) {
      yield
      if (state.name === 'resolved') continue
      const { store, alertname = '', severity = '' } = labels
      const gaugeLabels: Labels = { ...(store !== undefined && { store }), alertname, severity, state: state.name }
      const key = seriesKey(gaugeLabels)
      counts.set(key, { labels: gaugeLabels, count: (counts.get(key)?.count ?? 0) + 1 })
    }
    for (const [key, gauge] of this.#published) if (!counts.has(key)) gauge.set(undefined)
    this.#published = new Map(
      [...counts].map(([key, { labels, count }]) => {
        const gauge = this.#registry.gauge('db_alerts', labels)
        gauge.set(count)
        return [key, gauge]
      }),
    )
  }
}
