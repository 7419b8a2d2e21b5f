import type { Gauge, Labels, MetricsRegistry } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { Alert } from './manager.ts'

/** Shows what lives as `db_alerts`: a series for each store, alert, severity and state, with how many there are of it. */
export class AlertMetrics {
  readonly #registry: MetricsRegistry
  #shown = new Map<string, Gauge>()

  constructor(registry: MetricsRegistry) {
    this.#registry = registry
  }

  publish(alerts: readonly Alert[]): void {
    const counts = new Map<string, { labels: Labels; count: number }>()
    for (const { labels, state } of alerts) {
      if (state.name === 'resolved') continue
      const { store, alertname = '', severity = '' } = labels
      const own: Labels = { ...(store !== undefined && { store }), alertname, severity, state: state.name }
      const identity = seriesKey(own)
      counts.set(identity, { labels: own, count: (counts.get(identity)?.count ?? 0) + 1 })
    }
    for (const [identity, cell] of this.#shown) if (!counts.has(identity)) cell.set(undefined)
    this.#shown = new Map(
      [...counts].map(([identity, { labels, count }]) => {
        const cell = this.#registry.gauge('db_alerts', labels)
        cell.set(count)
        return [identity, cell]
      }),
    )
  }
}
