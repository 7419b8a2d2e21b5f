/**
 * The counts of a histogram's fine buckets, without those that are 0: one has about 600 buckets, of which a process usually fills less
 * than 50.
 */
export class SparseCounts {
  #bins = new Uint16Array(8)
  #counts = new Float64Array(8)
  #size = 0

  /** Sets the count of a bin. Returns by how much it grew. */
  replace(bin: number, count: number): number {
    const at = this.#find(bin)
    if (at < this.#size && this.#bins[at] === bin) {
      const before = this.#counts[at] as number
      this.#counts[at] = count
      return count - before
    }
    this.#insert(at, bin, count)
    return count
  }

  /** Adds to the count of a bin. */
  add(bin: number, increment: number): void {
    const at = this.#find(bin)
    if (at < this.#size && this.#bins[at] === bin) this.#counts[at] = (this.#counts[at] as number) + increment
    else this.#insert(at, bin, increment)
  }

  get size(): number {
    return this.#size
  }

  *[Symbol.iterator](): Generator<readonly [bin: number, count: number]> {
    for (let at = 0; at < this.#size; at++) yield [this.#bins[at] as number, this.#counts[at] as number]
  }

  /** Returns the position of the bin, or the one where it belongs. */
  #find(bin: number): number {
    let low = 0
    let high = this.#size
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#bins[middle] as number) < bin) low = middle + 1
      else high = middle
    }
    return low
  }

  #insert(at: number, bin: number, count: number): void {
    if (this.#size === this.#bins.length) {
      const bins = new Uint16Array(this.#size * 2)
      const counts = new Float64Array(this.#size * 2)
      bins.set(this.#bins)
      counts.set(this.#counts)
      this.#bins = bins
      this.#counts = counts
    }
    this.#bins.copyWithin(at + 1, at, this.#size)
    this.#counts.copyWithin(at + 1, at, this.#size)
    this.#bins[at] = bin
    this.#counts[at] = count
    this.#size++
  }
}
