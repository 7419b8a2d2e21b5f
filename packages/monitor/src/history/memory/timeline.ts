/** The times of a sequence of entries, oldest first. Each entry gets a sequence number, counted from the first one ever. */
export class Timeline {
  readonly capacity: number
  readonly #timesMs: Float64Array
  #nextSequence = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.#timesMs = new Float64Array(capacity)
  }

  /** Sequence number of the next entry. */
  get nextSequence(): number {
    return this.#nextSequence
  }

  /** Sequence number of the oldest entry that is kept. */
  get oldestSequence(): number {
    return Math.max(0, this.#nextSequence - this.capacity)
  }

  get bytes(): number {
    return this.#timesMs.byteLength
  }

  /** Appends an entry and returns its sequence number. */
  push(timeMs: number): number {
    this.#timesMs[this.#nextSequence % this.capacity] = timeMs
    return this.#nextSequence++
  }

  /** Returns the time of a sequence number that is kept. */
  timeMs(sequence: number): number {
    return this.#timesMs[sequence % this.capacity] as number
  }

  /** Returns the sequence number of the first entry after `timeMs`; `nextSequence` if there is none. */
  firstAfter(timeMs: number): number {
    let low = this.oldestSequence
    let high = this.#nextSequence
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.timeMs(middle) > timeMs) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Moves all times by milliseconds. */
  shift(deltaMs: number): void {
    for (let index = 0; index < this.#timesMs.length; index++) this.#timesMs[index] = (this.#timesMs[index] as number) + deltaMs
  }
}
