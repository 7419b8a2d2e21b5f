import { type MetricsRegistry, metrics, type Operation, operations } from '@wombat/instrumentation'
import { operationMetrics } from '@wombat/instrumentation/internal'
import type { Reader } from '../collection/registry-reader.ts'
import { selfTimeSlices } from '../collection/self-metrics.ts'
import type { HistogramPoint, Point, Snapshot } from '../collection/snapshot.ts'
import type { Component } from '../component.ts'
import type { Logger } from '../logger.ts'
import { type PausableWork, runAtOnce } from '../time/time-slices.ts'
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
  return runAtOnce(summarizeInterval(before, now))
}

/** Does the same as `intervalSummary`, and may pause between two points. */
function* summarizeInterval(before: Snapshot | undefined, now: Snapshot): PausableWork<StoreSummary[]> {
  const seconds = before === undefined ? undefined : (now.timeMs - before.timeMs) / 1000
  const earlier = yield* readStores(before)
  const summaries: StoreSummary[] = []
  for (const [store, current] of yield* readStores(now)) {
    const ofOperations = operations.flatMap((operation) => {
      const { latency: latencyName, errors: errorsName } = operationMetrics(operation)
      const latency = current.get(latencyName)
      if (latency === undefined || !('count' in latency) || latency.count === 0) return []
      const pointBefore = earlier.get(store)?.get(latencyName)
      const errors = pointValue(current.get(errorsName)) - pointValue(earlier.get(store)?.get(errorsName))
      const summary = operationSummary(pointBefore, latency, errors, seconds ?? (now.timeMs - latency.startMs) / 1000)
      return [[operation, summary] as const]
    })
    summaries.push({ store, operations: Object.fromEntries(ofOperations) })
    yield
  }
  return summaries
}

const operationPoints: ReadonlySet<string> = new Set(
  operations.flatMap((operation) => {
    const { latency, errors } = operationMetrics(operation)
    return [latency, errors]
  }),
)

/** Returns the points of operations by metric, of each store that is measured. */
function* readStores(snapshot: Snapshot | undefined): PausableWork<Map<string, Map<string, Point>>> {
  const stores = new Map<string, Map<string, Point>>()
  for (const point of snapshot?.eachPoint() ?? []) {
    yield
    const { store } = point.attributes
    // The application's own metrics may have a label `store`, too.
    if (typeof store !== 'string' || !Object.hasOwn(metrics, point.metric)) continue
    const points = stores.get(store) ?? new Map<string, Point>()
    stores.set(store, points)
    if (operationPoints.has(point.metric)) points.set(point.metric, point)
  }
  return stores
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

function pointValue(point: Point | undefined): number {
  return point !== undefined && 'value' in point ? point.value : 0
}

export interface IntervalLogOptions {
  readonly reader: Reader
  readonly registry: MetricsRegistry
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
    const { reader, registry, logger } = this.#options
    try {
      const now = await reader.take()
      const slices = selfTimeSlices(registry, 'export')
      const stores = await slices.run(summarizeInterval(this.#before, now))
      slices.end()
      logger.info({ stores }, 'metrics')
      this.#before = now
    } catch (error) {
      logger.error({ reason: errorMessage(error) }, 'metrics could not be collected')
    }
  }
}
