/** One kind of operation of one store, whose share of timed operations adapts. */
export interface BudgetedOperation {
  /** How many operations have been counted. */
  readonly countedOperations: number
  /** How many of them were timed. */
  readonly timedOperations: number
  /** One in so many operations is timed, on average. */
  sampleInterval: number
}

/** Shortest time between two adaptations. */
const periodMs = 1000
/** What counting costs as a share of what timing costs: test/bench, 16 gets of classic-level at once. */
const countedCostShare = 0.45
/** How far the timings of a period may exceed what the budget allows: their number is random. */
const tolerance = 1.5
/** The share of the budget that is left for timing, however much counting takes. */
const leastTimingShare = 0.1

/**
 * Keeps the time that measuring takes within a share of a core, whatever the load: counts every operation, and lowers the number of those
 * that are timed. The kinds of operations share what the budget allows evenly, and what one does not need, others may use: a rare
 * operation is always timed.
 *
 * Adapts once a second. When the load rises within a second, a frequent kind of operation halves its share after the timings that the budget
 * allows, and again after each quarter of them: in that second, up to three times the budget is spent.
 */
export class OverheadBudget {
  /** What timing one operation costs in place, in seconds. */
  timedCostSeconds = 0.35e-6
  /** How many operations may be timed until the next adaptation. */
  timingsLeft = Number.POSITIVE_INFINITY
  #allowedTimings = Number.POSITIVE_INFINITY
  #kinds = 1
  #share: number | undefined
  #lastMs: number | undefined
  #lastCounted = new WeakMap<BudgetedOperation, readonly [counted: number, timed: number]>()
  #spentShare: number | undefined
  #timedShare: number | undefined

  /** What counting one operation costs that is not timed, in seconds. */
  get countedCostSeconds(): number {
    return this.timedCostSeconds * countedCostShare
  }

  /** The share of a core's time; undefined without a limit. */
  get share(): number | undefined {
    return this.#share
  }

  /** @throws RangeError if the share is not above 0 and at most 1. */
  set share(share: number | undefined) {
    if (share !== undefined && !(share > 0 && share <= 1)) {
      throw new RangeError(`overheadBudget must be a share of a core's time above 0 and at most 1, got ${share}: 0.02 is 2 %`)
    }
    this.#share = share
    this.#allowTimings(0)
  }

  /** The share of a core's time that measuring took in the last period, by its costs; undefined before the end of the first. */
  get spentShare(): number | undefined {
    return this.#spentShare
  }

  /** The share of operations that were timed in the last period; undefined if there were none. */
  get timedShare(): number | undefined {
    return this.#timedShare
  }

  /**
   * Adapts how many operations are timed, if the last time was a second ago.
   *
   * @param nowMs a monotonic time in milliseconds.
   * @param leastInterval the interval without a limit.
   */
  adapt(nowMs: number, operations: Iterable<BudgetedOperation>, leastInterval: number): void {
    const elapsedMs = nowMs - (this.#lastMs ?? Number.NEGATIVE_INFINITY)
    if (elapsedMs < periodMs) return
    this.#lastMs = nowMs
    const seconds = elapsedMs / 1000
    const rates: Array<readonly [operation: BudgetedOperation, perSecond: number]> = []
    let [counted, timed] = [0, 0]
    for (const operation of operations) {
      const [lastCounted, lastTimed] = this.#lastCounted.get(operation) ?? [
        operation.countedOperations,
        operation.timedOperations,
      ]
      this.#lastCounted.set(operation, [operation.countedOperations, operation.timedOperations])
      rates.push([operation, (operation.countedOperations - lastCounted) / seconds])
      counted += operation.countedOperations - lastCounted
      timed += operation.timedOperations - lastTimed
    }
    this.#kinds = Math.max(1, rates.length)
    if (!Number.isFinite(seconds)) return
    const perSecond = counted / seconds
    this.#spentShare = (timed / seconds) * this.timedCostSeconds + ((counted - timed) / seconds) * this.countedCostSeconds
    this.#timedShare = counted === 0 ? undefined : Math.min(1, timed / counted)
    const most = this.#findMostTimed(
      perSecond,
      rates.map(([, rate]) => rate),
    )
    for (const [operation, rate] of rates) operation.sampleInterval = Math.max(leastInterval, Math.ceil(rate / most))
    this.#allowTimings(perSecond)
  }

  #allowTimings(operationsPerSecond: number): void {
    this.#allowedTimings = (this.#affordableTimings(operationsPerSecond) * tolerance * periodMs) / 1000
    this.timingsLeft = this.#allowedTimings
  }

  /** Doubles the interval of an operation that is timed when no timings are left, unless it is rare. */
  exceed(operation: BudgetedOperation): void {
    const [, timedBefore] = this.#lastCounted.get(operation) ?? [0, 0]
    if (operation.timedOperations - timedBefore < this.#allowedTimings / (4 * this.#kinds)) return
    operation.sampleInterval *= 2
    this.timingsLeft = this.#allowedTimings / 4
  }

  /** Returns how many operations may be timed per second, besides counting all. */
  #affordableTimings(operationsPerSecond: number): number {
    if (this.#share === undefined) return Number.POSITIVE_INFINITY
    const { timedCostSeconds, countedCostSeconds } = this
    const left = Math.max(this.#share * leastTimingShare, this.#share - operationsPerSecond * countedCostSeconds)
    return left / Math.max(timedCostSeconds - countedCostSeconds, 1e-9)
  }

  /** Returns how many operations of each kind may be timed per second. */
  #findMostTimed(perSecond: number, rates: readonly number[]): number {
    let left = this.#affordableTimings(perSecond)
    let kinds = rates.length
    for (const rate of [...rates].sort((one, other) => one - other)) {
      const most = left / kinds
      if (rate > most) return most
      left -= rate
      kinds--
    }
    return Number.POSITIVE_INFINITY
  }
}
