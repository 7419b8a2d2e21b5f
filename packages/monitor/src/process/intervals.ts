/** A period on the clock of `performance.now()`. */
export interface Interval {
  readonly fromMs: number
  readonly toMs: number
}

/** How long an interval is kept. */
const retentionMs = 600_000

/**
 * The intervals of the last ten minutes, at most `capacity` of them. If it is full, the shortest one of the older half is
 * dropped: queries ask for the sum of the last seconds and for the longest of the last minutes.
 */
export class Intervals<Item extends Interval> {
  readonly #items: Item[] = []
  readonly #capacity: number

  constructor(capacity = 256) {
    this.#capacity = capacity
  }

  /** Adds an interval. Call it in the order in which intervals end. */
  add(interval: Item): void {
    const items = this.#items
    while ((items[0]?.toMs ?? Number.POSITIVE_INFINITY) < interval.toMs - retentionMs) items.shift()
    if (items.length >= this.#capacity) items.splice(indexOfShortest(items.slice(0, Math.ceil(this.#capacity / 2))), 1)
    items.push(interval)
  }

  /** Yields the intervals that end after `fromMs`, newest first. */
  *since(fromMs: number): Generator<Item> {
    for (let index = this.#items.length - 1; index >= 0; index--) {
      const interval = this.#items[index] as Item
      if (interval.toMs <= fromMs) return
      yield interval
    }
  }

  /** Returns the length of the longest interval that ends after `sinceMs`; 0 if there is none. */
  longestMs(sinceMs: number): number {
    let longest = 0
    for (const { fromMs, toMs } of this.since(sinceMs)) longest = Math.max(longest, toMs - fromMs)
    return longest
  }
}

/** Returns how much of an interval lies within a period. */
export function overlapMs(interval: Interval, fromMs: number, toMs: number): number {
  return Math.max(0, Math.min(interval.toMs, toMs) - Math.max(interval.fromMs, fromMs))
}

function indexOfShortest(intervals: readonly Interval[]): number {
  const lengths = intervals.map(({ fromMs, toMs }) => toMs - fromMs)
  return lengths.indexOf(Math.min(...lengths))
}
