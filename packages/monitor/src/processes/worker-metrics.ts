import type { MetricsRegistry } from '@wombat/instrumentation'

/** Counts the processes or threads that a hub adds up. */
export class WorkerMetrics {
  readonly #registry: MetricsRegistry
  readonly #kind: string

  /** @param kind the label `kind`: `process` or `thread`. */
  constructor(registry: MetricsRegistry, kind: string) {
    this.#registry = registry
    this.#kind = kind
    for (const how of ['closed', 'lost']) registry.counter('wombat_monitor_workers_ended_total', { kind, how })
    registry.counter('wombat_monitor_workers_refused_total', { kind })
  }

  /** Publishes how many there are; undefined if none are added up any more. */
  publish(counts: { readonly current: number; readonly late: number } | undefined): void {
    for (const state of ['current', 'late'] as const) {
      this.#registry.gauge('wombat_monitor_workers', { kind: this.#kind, state }).set(counts?.[state])
    }
  }

  ended(how: 'closed' | 'lost'): void {
    this.#registry.incrementCounter('wombat_monitor_workers_ended_total', 1, { kind: this.#kind, how })
  }

  refused(): void {
    this.#registry.incrementCounter('wombat_monitor_workers_refused_total', 1, { kind: this.#kind })
  }
}
