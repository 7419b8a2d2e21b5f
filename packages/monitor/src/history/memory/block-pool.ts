/** Values in one block. */
export const blockLength = 32
/** Bytes of one block. */
export const blockBytes = blockLength * 8

const blocksPerSlab = 512

/**
 * Memory for the values of all series, in blocks of equal size: what is in use is known exactly, and a freed block fits any other
 * series.
 */
export class BlockPool {
  readonly #slabs: Float64Array[] = []
  readonly #free: number[] = []
  #used = 0

  /** Bytes of all slabs: those in use, and those free for other series. */
  get bytes(): number {
    return this.#slabs.length * blocksPerSlab * blockBytes
  }

  /** Blocks in use. */
  get used(): number {
    return this.#used
  }

  /** Takes a block and returns its number. The values are undefined. */
  allocate(): number {
    if (this.#free.length === 0) this.#addSlab()
    this.#used++
    return this.#free.pop() as number
  }

  /** Returns a block to the pool. */
  release(block: number): void {
    this.#used--
    this.#free.push(block)
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

  #addSlab(): void {
    const first = this.#slabs.length * blocksPerSlab
    this.#slabs.push(new Float64Array(blocksPerSlab * blockLength))
    for (let block = first + blocksPerSlab - 1; block >= first; block--) this.#free.push(block)
  }
}
