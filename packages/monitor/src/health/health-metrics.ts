import type { Labels, MetricsRegistry } from '@wombat/instrumentation'
import { errorKind } from '@wombat/instrumentation/internal'
import { trackSelfTime } from '../collection/self-metrics.ts'
import { type HealthStatus, healthStatuses } from './status.ts'
import type { WarnOnce } from './warn-once.ts'

/** The metrics of one check. */
export interface CheckMetrics {
  recordRun(seconds: number): void
  recordChange(): void
  /** Stops exporting the status gauges; counters and histograms stay. */
  remove(): void
}

const noMetrics: CheckMetrics = Object.freeze({ recordRun: () => {}, recordChange: () => {}, remove: () => {} })

/** Exports the checks as metrics. A check with a name that cannot be a label has no metrics; nothing else changes. */
export class HealthMetrics {
  readonly #registry: MetricsRegistry | undefined
  readonly #warnOnce: WarnOnce

  constructor(registry: MetricsRegistry | undefined, warnOnce: WarnOnce) {
    this.#registry = registry
    this.#warnOnce = warnOnce
  }

  /**
   * Creates the metrics of a check.
   *
   * @param currentStatus called at each collection, because a result becomes stale between two runs.
   */
  create({ name, store }: { readonly name: string; readonly store?: string }, currentStatus: () => HealthStatus): CheckMetrics {
    const registry = this.#registry
    if (registry === undefined) return noMetrics
    const labels: Labels = { ...(store !== undefined && { store }), check: name }
    try {
      const duration = registry.histogram('db_health_check_duration_seconds', labels)
      const changes = registry.counter('db_health_changes_total', labels)
      const gauges = healthStatuses.map((status) =>
        registry.gauge('db_health_status', { ...labels, status }).observe(() => (currentStatus() === status ? 1 : 0)),
      )
      return {
        recordRun: (seconds) => duration.record(seconds),
        recordChange: () => changes.add(),
        remove: () => {
          for (const unobserve of gauges) unobserve()
        },
      }
    } catch (error) {
      this.#warnOnce.warn(
        `metrics ${name}`,
        { check: name, kind: errorKind(error) },
        'health check has no metrics: its labels are not valid',
      )
      return noMetrics
    }
  }

  /** Runs synchronous work and adds its duration to the time that the monitor spends on health. */
  trackTime<Result>(work: () => Result): Result {
    return this.#registry === undefined ? work() : trackSelfTime(this.#registry, 'health', work)
  }
}
