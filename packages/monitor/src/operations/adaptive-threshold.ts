import type { HistogramSnapshot, ObservedOperation } from '@wombat/instrumentation'

/** Lowest threshold: a garbage collection takes as long. */
const minSeconds = 0.02
/** Multiple of the 99th percentile from which an operation is slow. */
const factor = 10
/** With fewer operations, the 99th percentile is chance. */
const minOperations = 100
const windowMs = 300_000
/** Time between two snapshots: one takes 4.5 kB, so the window is accurate to a minute. */
const snapshotIntervalMs = 60_000

/**
 * The slow threshold of one kind of operation: ten times its 99th percentile over about the last five minutes. The first one
 * covers everything that was timed before.
 */
export class AdaptiveThreshold {
  /** The current threshold; undefined until enough operations were timed. */
  seconds: number | undefined
  readonly #operation: ObservedOperation
  readonly #snapshots: Array<{ readonly timeMs: number; readonly snapshot: HistogramSnapshot }> = []

  constructor(operation: ObservedOperation) {
    this.#operation = operation
  }

  /** Computes the threshold again. It is kept if too few operations were timed. */
  adapt(nowMs: number): void {
    const snapshots = this.#snapshots
    while (snapshots[1] !== undefined && snapshots[1].timeMs <= nowMs - windowMs) snapshots.shift()
    const snapshot = this.#operation.latency.snapshot()
    // Nothing was timed since the last one: most operations of most stores need no memory.
    if (snapshot.count === (snapshots.at(-1)?.snapshot.count ?? 0)) return
    const [oldest] = snapshots
    const recent = oldest === undefined ? snapshot : snapshot.since(oldest.snapshot)
    const percentile99 = recent.count < minOperations ? undefined : recent.quantile(0.99)
    if (percentile99 !== undefined) this.seconds = Math.max(minSeconds, factor * percentile99)
    const lastMs = snapshots.at(-1)?.timeMs ?? Number.NEGATIVE_INFINITY
    if (nowMs - lastMs >= snapshotIntervalMs) snapshots.push({ timeMs: nowMs, snapshot })
  }
}
