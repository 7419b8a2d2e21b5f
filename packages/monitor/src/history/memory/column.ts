import { type BlockPool, blockLength } from './block-pool.ts'

/** In place of a block number: every value of the block is the same, and stored beside it. */
const constant = -1

/**
 * Values of one series by sequence number, appended in order: `width` values for each. Where a value is the same for a whole block
 * it takes no memory of the pool: most buckets of a histogram, and most counters of an idle store, do not change.
 */
export class Column {
  readonly #width: number
  /** Two numbers for each block of each value: block number or `constant`, and the constant. The first are those of `#firstIndex`. */
  readonly #blocks: number[] = []
  #firstIndex = 0
  /** Elements for which V8 has reserved memory in `#blocks`. */
  #capacity = 0

  constructor(width: 1 | 2 | 5) {
    this.#width = width
  }

  /** Memory beside the pool, in bytes. */
  get bytes(): number {
    return 8 * this.#capacity
  }

  /** Stores the values of a sequence number, later than that of the last call. Returns the blocks taken from the pool. */
  write(pool: BlockPool, sequence: number, one: number, two = 0, three = 0, four = 0, five = 0): number {
    const width = this.#width
    const index = Math.floor(sequence / blockLength)
    if (this.#blocks.length === 0) this.#firstIndex = index
    const start = (index - this.#firstIndex) * 2 * width
    if (start >= this.#blocks.length) {
      // Between two blocks of a series with a gap there is nothing to read.
      while (this.#blocks.length < start) this.#blocks.push(constant, Number.NaN)
      this.#blocks.push(constant, one)
      if (width > 1) this.#blocks.push(constant, two)
      if (width > 2) this.#blocks.push(constant, three, constant, four, constant, five)
      const { length } = this.#blocks
      // As V8 grows an array: by half, and by 16 elements.
      if (length > this.#capacity) this.#capacity = length + Math.floor(length / 2) + 16
      return 0
    }
    const position = sequence % blockLength
    let taken = this.#writeOne(pool, start, position, one)
    if (width > 1) taken += this.#writeOne(pool, start + 2, position, two)
    if (width > 2) {
      taken += this.#writeOne(pool, start + 4, position, three) + this.#writeOne(pool, start + 6, position, four)
      taken += this.#writeOne(pool, start + 8, position, five)
    }
    return taken
  }

  /** Returns a value of a sequence number that was written and not released. */
  read(pool: BlockPool, sequence: number, value = 0): number {
    const start = ((Math.floor(sequence / blockLength) - this.#firstIndex) * this.#width + value) * 2
    const block = this.#blocks[start]
    if (block === undefined) return Number.NaN
    return block === constant ? (this.#blocks[start + 1] as number) : pool.read(block, sequence % blockLength)
  }

  /** Releases the blocks that end before a sequence number. Returns how many of them were taken from the pool. */
  releaseBefore(pool: BlockPool, sequence: number): number {
    const perBlock = 2 * this.#width
    const kept = Math.floor(sequence / blockLength) - this.#firstIndex
    const end = Math.min(this.#blocks.length, Math.max(0, kept) * perBlock)
    if (end === 0) return 0
    let released = 0
    for (let start = 0; start < end; start += 2) {
      const block = this.#blocks[start] as number
      if (block === constant) continue
      pool.release(block)
      released++
    }
    this.#removeFirst(end)
    this.#firstIndex += end / perBlock
    return released
  }

  /** Removes elements in place: a copy would be as long as the list, and would grow by half with the next block. */
  #removeFirst(count: number): void {
    const blocks = this.#blocks
    const length = blocks.length - count
    for (let index = 0; index < length; index++) blocks[index] = blocks[index + count] as number
    blocks.length = length
    // V8 gives back what is reserved if more than half of it is free.
    if (2 * length + 16 <= this.#capacity) this.#capacity = length
  }

  #writeOne(pool: BlockPool, start: number, index: number, value: number): number {
    const block = this.#blocks[start] as number
    if (block !== constant) {
      pool.write(block, index, value)
      return 0
    }
    const same = this.#blocks[start + 1] as number
    if (Object.is(same, value)) return 0
    const allocated = pool.allocate()
    pool.fill(allocated, same, index)
    pool.write(allocated, index, value)
    this.#blocks[start] = allocated
    return 1
  }
}
