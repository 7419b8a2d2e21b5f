import type { Labels } from '@wombat/instrumentation'
import { type HealthStatus, healthStatuses, isWorse } from '../health/status.ts'
import type { AggregateGauge } from './aggregate-gauge.ts'
import { entryKey } from './series-table.ts'

/**
 * The gauges of one health check, one for each status, of several processes. Only the worst status of all is 1: the largest value of
 * each gauge would say that the check is healthy and critical at once.
 */
export class WorstStatus {
  readonly #gauges = new Map<string, AggregateGauge>()

  add(status: string, gauge: AggregateGauge): void {
    this.#gauges.set(status, gauge)
  }

  publish(): void {
    let worst: HealthStatus | undefined
    for (const status of healthStatuses) {
      const gauge = this.#gauges.get(status)
      if (gauge === undefined) continue
      for (const worker of gauge.workers) {
        if (gauge.valueOf(worker) === 1 && (worst === undefined || isWorse(status, worst))) worst = status
      }
    }
    for (const [status, gauge] of this.#gauges) gauge.publishValue(worst === undefined ? undefined : Number(status === worst))
  }
}

/** Returns one text for the check that a series with a status belongs to. */
export function checkKeyOf(metric: string, { status: _, ...labels }: Labels): string {
  return entryKey(metric, labels)
}
