import type { Labels, MetricsRegistry } from '@wombat/instrumentation'
import { errorKind } from '@wombat/instrumentation/internal'
import { trackSelfTime } from '../collection/self-metrics.ts'
import { type HealthStatus, healthStatuses } from './status.ts'
import type { WarnOnce } from './warn-once.ts'

/** The metrics of one check. */
export interface CheckMetrics {
  recordRun(seconds: number): void
  publishStatus(): void
  /** Its states are no longer exported; what was counted stays. */
  remove(): void
}

const none: CheckMetrics = Object.freeze({ recordRun: () => {}, publishStatus: () => {}, remove: () => {} })

/** Shows the checks as metrics. A name that cannot be a label costs the check its metrics, and nothing else. */
export class HealthMetrics {
  readonly #registry: MetricsRegistry | undefined
  readonly #notes: WarnOnce

  constructor(registry: MetricsRegistry | undefined, notes: WarnOnce) {
    this.#registry = registry
    this.#notes = notes
  }

  /** `statusNow` is asked whenever somebody collects: a check that nobody ran any more grows stale between two rounds. */
  forCheck({ name, store }: { readonly name: string; readonly store?: string }, statusNow: () => HealthStatus): CheckMetrics {
    const registry = this.#registry
    if (registry === undefined) return none
    const labels: Labels = { ...(store !== undefined && { store }), check: name }
    try {
      const duration = registry.histogram('db_health_check_duration_seconds', labels)
      const changes = registry.counter('db_health_changes_total', labels)
      const gauges = healthStatuses.map((status) =>
        // Two monitors of one registry make no 2 of it.
        registry.gauge('db_health_status', { ...labels, status }).observe(() => (statusNow() === status ? 1 : 0), 'max'),
      )
      return {
        recordRun: (seconds) => duration.record(seconds),
        publishStatus: () => changes.add(),
        remove: () => {
          for (const unobserve of gauges) unobserve()
        },
      }
    } catch (error) {
      this.#notes.warn(`metrics ${name}`, { check: name, kind: errorKind(error) }, 'a health check has no metrics')
      return none
    }
  }

  /** Does work that keeps the event loop, and counts for how long. */
  trackTime<Result>(work: () => Result): Result {
    return this.#registry === undefined ? work() : trackSelfTime(this.#registry, 'health', work)
  }
}
