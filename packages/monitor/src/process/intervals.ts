/** A stretch of time, on the clock of `performance.now()`. */
export interface Interval {
  readonly fromMs: number
  readonly toMs: number
  /** What else there is to be known of it: see who adds it. */
  readonly mark: number
}

/** How long a stretch is remembered. */
const memoryMs = 600_000

/**
 * The stretches of the last ten minutes in which something was not as it should be, as many as there is room for. Where there
 * is none, the shortest of the older half goes: what is asked for is the sum of the last seconds, and the worst of the last minutes.
 */
export class Intervals {
  readonly #kept: Interval[] = []
  readonly #room: number

  constructor(room = 256) {
    this.#room = room
  }

  /** They come in the order in which they end. */
  add(stretch: Interval): void {
    const kept = this.#kept
    while ((kept[0]?.toMs ?? Number.POSITIVE_INFINITY) < stretch.toMs - memoryMs) kept.shift()
    if (kept.length >= this.#room) kept.splice(shortest(kept, Math.ceil(this.#room / 2)), 1)
    kept.push(stretch)
  }

  /** Newest first, those that reach into the time after this. */
  *since(fromMs: number): Generator<Interval> {
    for (let index = this.#kept.length - 1; index >= 0; index--) {
      const stretch = this.#kept[index] as Interval
      if (stretch.toMs <= fromMs) return
      yield stretch
    }
  }

  longestMs(sinceMs: number): number {
    let longest = 0
    for (const { fromMs, toMs } of this.since(sinceMs)) longest = Math.max(longest, toMs - fromMs)
    return longest
  }
}

/** How much of a stretch lies within this time. */
export function overlapMs(stretch: { readonly fromMs: number; readonly toMs: number }, fromMs: number, toMs: number): number {
  return Math.max(0, Math.min(stretch.toMs, toMs) - Math.max(stretch.fromMs, fromMs))
}

function shortest(stretches: readonly Interval[], among: number): number {
  let found = 0
  let foundMs = Number.POSITIVE_INFINITY
  for (let index = 0; index < among; index++) {
    const { fromMs, toMs } = stretches[index] as Interval
    if (toMs - fromMs >= foundMs) continue
    found = index
    foundMs = toMs - fromMs
  }
  return found
}
