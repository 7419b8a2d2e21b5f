/**
 * The times of the newest samples, oldest first. Each sample time gets a sequence number, counted from the first one; the values
 * are in one `Column` per series, under the same sequence numbers.
 */
export class RingBuffer {
  readonly capacity: number
  readonly #timesMs: Float64Array
  #nextSequence = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.#timesMs = new Float64Array(capacity)
  }

  /** Sequence number of the next sample time. */
  get nextSequence(): number {
    return this.#nextSequence
  }

  /** Sequence number of the oldest sample time in the buffer. */
  get oldestSequence(): number {
    return Math.max(0, this.#nextSequence - this.capacity)
  }

  /** The oldest sample time; Infinity if the buffer is empty. */
  get oldestMs(): number {
    return this.#nextSequence === 0 ? Number.POSITIVE_INFINITY : this.timeMs(this.oldestSequence)
  }

  /** Appends a sample time and returns its sequence number. */
  push(timeMs: number): number {
    this.#timesMs[this.#nextSequence % this.capacity] = timeMs
    return this.#nextSequence++
  }

  /** Returns the sample time of a sequence number. */
  timeMs(sequence: number): number {
    return this.#timesMs[sequence % this.capacity] as number
  }

  /** Returns the sequence number of the first sample time after `timeMs`; `nextSequence` if there is none. */
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
}

/** The values of one series, by the sequence numbers of a `RingBuffer`; NaN without a sample. Memory grows as the buffer fills. */
export class Column {
  readonly #capacity: number
  #values = new Float64Array(0)

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get bytes(): number {
    return this.#values.byteLength
  }

  /** Stores the value of a sequence number. */
  set(sequence: number, value: number): void {
    const index = sequence % this.#capacity
    if (index >= this.#values.length) {
      if (Number.isNaN(value) && sequence < this.#capacity) return
      this.#grow(sequence < this.#capacity ? index + 1 : this.#capacity)
    }
    this.#values[index] = value
  }

  /** Returns the value of a sequence number; NaN without a sample. */
  at(sequence: number): number {
    return this.#values[sequence % this.#capacity] ?? Number.NaN
  }

  #grow(minLength: number): void {
    const length = Math.min(this.#capacity, Math.max(minLength, this.#values.length * 2, 16))
    const values = new Float64Array(length).fill(Number.NaN)
    values.set(this.#values)
    this.#values = values
  }
}
