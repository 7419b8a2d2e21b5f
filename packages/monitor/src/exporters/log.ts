import { metrics, type Operation, operations } from '@wombat/instrumentation'
import type { Reader } from '../collection/registry-reader.ts'
import type { HistogramPoint, Point, Snapshot } from '../collection/snapshot.ts'
import type { Component } from '../component.ts'
import type { Logger } from '../logger.ts'
import { errorMessage } from '../validation/error-message.ts'

/** One operation of one store in an interval. */
export interface OperationSummary {
  readonly count: number
  readonly perSecond: number
  readonly errors: number
  /** Latencies in seconds; absent if the operation did not run. */
  readonly p50?: number
  readonly p95?: number
  readonly p99?: number
}

/** One store in an interval. */
export interface StoreSummary {
  readonly store: string
  readonly operations: Partial<Record<Operation, OperationSummary>>
}

/**
 * Returns what each store did between two snapshots or, without an earlier one, since the store was first measured. Operations that
 * never ran are left out.
 */
export function intervalSummary(before: Snapshot | undefined, now: Snapshot): StoreSummary[] {
  const seconds = before === undefined ? undefined : (now.timeMs - before.timeMs) / 1000
  const earlier = byMetricAndStore(before?.points ?? [])
  const current = byMetricAndStore(now.points)
  // The application's own metrics may have a label `store`, too.
  const ownPoints = now.points.filter(({ metric }) => Object.hasOwn(metrics, metric))
  const stores = new Set(
    ownPoints.flatMap(({ attributes }) => (typeof attributes['store'] === 'string' ? [attributes['store']] : [])),
  )
  return [...stores].map((store) => {
    const summaries = operations.flatMap((operation) => {
      const find = (points: typeof current, suffix: string) => points.get(`db_${operation}_${suffix} ${store}`)
      const latency = find(current, 'latency_seconds')
      if (latency === undefined || !('count' in latency) || latency.count === 0) return []
      const errors = pointValue(find(current, 'errors_total')) - pointValue(find(earlier, 'errors_total'))
      const summary = operationSummary(
        find(earlier, 'latency_seconds'),
        latency,
        errors,
        seconds ?? (now.timeMs - latency.startMs) / 1000,
      )
      return [[operation, summary] as const]
    })
    return { store, operations: Object.fromEntries(summaries) }
  })
}

function operationSummary(before: Point | undefined, now: HistogramPoint, errors: number, seconds: number): OperationSummary {
  const earlier = before !== undefined && 'count' in before ? before : undefined
  const count = now.count - (earlier?.count ?? 0)
  const snapshot = earlier?.snapshot === undefined ? now.snapshot : now.snapshot?.since(earlier.snapshot)
  const quantile = (q: number, key: 'p50' | 'p95' | 'p99') => {
    const value = snapshot?.quantile(q)
    return value === undefined ? {} : { [key]: value }
  }
  const perSecond = seconds > 0 ? count / seconds : 0
  return { count, perSecond, errors, ...quantile(0.5, 'p50'), ...quantile(0.95, 'p95'), ...quantile(0.99, 'p99') }
}

function byMetricAndStore(points: readonly Point[]): Map<string, Point> {
  return new Map(points.map((point) => [`${point.metric} ${point.attributes['store']}`, point]))
}

function pointValue(point: Point | undefined): number {
  return point !== undefined && 'value' in point ? point.value : 0
}

export interface IntervalLogOptions {
  readonly reader: Reader
  readonly logger: Logger
  /** Milliseconds between two lines. */
  readonly intervalMs: number
}

/** Writes one structured log line per interval with what each store did, and a last one when it is closed. */
export class IntervalLog implements Component {
  readonly #options: IntervalLogOptions
  #before: Snapshot | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: IntervalLogOptions) {
    this.#options = options
  }

  /** Starts the timer, which does not keep the process alive. */
  start(): void {
    this.#timer = setInterval(() => this.#write(), this.#options.intervalMs).unref()
  }

  async close(): Promise<void> {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    await this.#write()
  }

  async #write(): Promise<void> {
    const { reader, logger } = this.#options
    try {
      const now = await reader.take()
      logger.info({ stores: intervalSummary(this.#before, now) }, 'metrics')
      this.#before = now
    } catch (error) {
      logger.error({ reason: errorMessage(error) }, 'metrics could not be collected')
    }
  }
}
