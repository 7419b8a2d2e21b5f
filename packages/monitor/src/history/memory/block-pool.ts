/** Values in one block. */
export const blockLength = 32
/** Bytes of one block. */
export const blockBytes = blockLength * 8

const blocksPerSlab = 128

/**
 * Memory for the values of all series, in blocks of equal size: what is in use is known exactly, and a freed block fits any other
 * series.
 */
export class BlockPool {
  /** Slabs in which every block is free are given back: their place is undefined. */
  readonly #slabs: Array<Float64Array | undefined> = []
  /** Free blocks of each slab. */
  readonly #free: number[][] = []
  /** No slab before this one has a free block. */
  #firstFree = 0
  #used = 0
  #slabCount = 0

  /** Bytes of all slabs: of the blocks in use, and of those that are free for other series. */
  get bytes(): number {
    return this.#slabCount * blocksPerSlab * blockBytes
  }

  /** Blocks in use. */
  get used(): number {
    return this.#used
  }

  /** Takes a block and returns its number. The values are undefined. */
  allocate(): number {
    while (this.#firstFree < this.#free.length && this.#free[this.#firstFree]?.length === 0) this.#firstFree++
    const free = this.#free[this.#firstFree] ?? this.#addSlab(this.#firstFree)
    if (this.#slabs[this.#firstFree] === undefined) this.#addSlab(this.#firstFree)
    this.#used++
    return free.pop() as number
  }

  /** Returns a block to the pool. */
  release(block: number): void {
    const index = Math.floor(block / blocksPerSlab)
    const free = this.#free[index] as number[]
    free.push(block)
    this.#used--
    this.#firstFree = Math.min(this.#firstFree, index)
    if (free.length < blocksPerSlab) return
    this.#slabs[index] = undefined
    this.#slabCount--
  }

  /** Returns a value of a block. */
  read(block: number, index: number): number {
    const slab = this.#slabs[Math.floor(block / blocksPerSlab)] as Float64Array
    return slab[(block % blocksPerSlab) * blockLength + index] as number
  }

  /** Stores a value in a block. */
  write(block: number, index: number, value: number): void {
    const slab = this.#slabs[Math.floor(block / blocksPerSlab)] as Float64Array
    slab[(block % blocksPerSlab) * blockLength + index] = value
  }

  /** Stores a value in the first `end` places of a block. */
  fill(block: number, value: number, end: number): void {
    const slab = this.#slabs[Math.floor(block / blocksPerSlab)] as Float64Array
    const start = (block % blocksPerSlab) * blockLength
    slab.fill(value, start, start + end)
  }

  /** Creates the slab of an index, and returns its free blocks. */
  #addSlab(index: number): number[] {
    this.#slabs[index] = new Float64Array(blocksPerSlab * blockLength)
    this.#slabCount++
    this.#free[index] ??= Array.from({ length: blocksPerSlab }, (_, block) => (index + 1) * blocksPerSlab - 1 - block)
    return this.#free[index]
  }
}
