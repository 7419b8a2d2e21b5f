/** The last moments of a history in a ring, oldest first. A tick is a moment's number since the beginning. */
export class RingBuffer {
  readonly capacity: number
  readonly #timesMs: Float64Array
  #next = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.#timesMs = new Float64Array(capacity)
  }

  /** The number of the next tick; those from `oldest` up to it are kept. */
  get next(): number {
    return this.#next
  }

  get oldest(): number {
    return Math.max(0, this.#next - this.capacity)
  }

  /** When the oldest kept tick was; Infinity where there is none. */
  get oldestMs(): number {
    return this.#next === 0 ? Number.POSITIVE_INFINITY : this.timeMs(this.oldest)
  }

  push(timeMs: number): number {
    this.#timesMs[this.#next % this.capacity] = timeMs
    return this.#next++
  }

  timeMs(tick: number): number {
    return this.#timesMs[tick % this.capacity] as number
  }

  /** The first kept tick after this time; `next` where there is none. */
  firstAfter(timeMs: number): number {
    let low = this.oldest
    let high = this.#next
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.timeMs(middle) > timeMs) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** The numbers of one series beside a ring's moments; NaN where it had none. Its memory grows as the ring fills. */
export class Column {
  readonly #capacity: number
  #values = new Float64Array(0)

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get bytes(): number {
    return this.#values.byteLength
  }

  set(tick: number, value: number): void {
    const slot = tick % this.#capacity
    if (slot >= this.#values.length) {
      if (Number.isNaN(value) && tick < this.#capacity) return
      this.#grow(tick < this.#capacity ? slot + 1 : this.#capacity)
    }
    this.#values[slot] = value
  }

  at(tick: number): number {
    return this.#values[tick % this.#capacity] ?? Number.NaN
  }

  #grow(wanted: number): void {
    const length = Math.min(this.#capacity, Math.max(wanted, this.#values.length * 2, 16))
    const grown = new Float64Array(length).fill(Number.NaN)
    grown.set(this.#values)
    this.#values = grown
  }
}
