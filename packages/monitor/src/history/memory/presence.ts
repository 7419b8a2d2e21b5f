/**
 * The sequence numbers at which a series has a value, as ranges: a series without gaps is one range. A value may be NaN; it is
 * not the same as no value.
 */
export class Presence {
  /** The newest range; its end is exclusive. */
  #start = 0
  #end = 0
  /** Start and end of each older range, in turn, oldest first. Most series have none. */
  #older: number[] | undefined

  /** The first sequence number with a value; undefined if there is none. */
  get first(): number | undefined {
    return this.#older?.[0] ?? (this.#end > this.#start ? this.#start : undefined)
  }

  /** The last sequence number with a value; -1 if there is none. */
  get last(): number {
    return this.#end - 1
  }

  /** Memory of the older ranges, in bytes. */
  get bytes(): number {
    return 12 * (this.#older?.length ?? 0)
  }

  /** Adds a sequence number, later than all before. */
  add(sequence: number): void {
    if (this.#end !== sequence || this.#start === this.#end) {
      if (this.#end > this.#start) {
        this.#older ??= []
        this.#older.push(this.#start, this.#end)
      }
      this.#start = sequence
    }
    this.#end = sequence + 1
  }

  has(sequence: number): boolean {
    if (sequence >= this.#start) return sequence < this.#end
    const older = this.#older ?? []
    for (let index = older.length - 2; index >= 0; index -= 2) {
      if (sequence >= (older[index] as number)) return sequence < (older[index + 1] as number)
    }
    return false
  }

  /** Removes the sequence numbers before this one. */
  releaseBefore(sequence: number): void {
    if (this.#older !== undefined) {
      let count = 0
      while (count < this.#older.length && (this.#older[count + 1] as number) <= sequence) count += 2
      this.#older.splice(0, count)
      const first = this.#older[0]
      if (first !== undefined && first < sequence) this.#older[0] = sequence
      if (this.#older.length === 0) this.#older = undefined
    }
    if (this.#start < sequence) this.#start = Math.min(sequence, this.#end)
  }

  /** Calls back for each sequence number with a value from `from` up to `end`, exclusive, in order. */
  forEach(from: number, end: number, visit: (sequence: number) => void): void {
    const older = this.#older ?? []
    for (let index = 0; index < older.length; index += 2)
      visitRange(Math.max(from, older[index] as number), Math.min(end, older[index + 1] as number), visit)
    visitRange(Math.max(from, this.#start), Math.min(end, this.#end), visit)
  }
}

function visitRange(from: number, end: number, visit: (sequence: number) => void): void {
  for (let sequence = from; sequence < end; sequence++) visit(sequence)
}
