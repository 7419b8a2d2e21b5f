/**
 * Splits the bytes of a file into lines. It cuts bytes at line ends and only then decodes them as UTF-8, so a character that
 * spans two reads stays whole. It holds at most one incomplete line, of at most `maxLineBytes`; longer lines are skipped.
 */
export class LineSplitter {
  /** Read the next bytes into this buffer, after the bytes of the incomplete line. */
  readonly buffer: Buffer
  /** How many bytes of an incomplete line the buffer holds. */
  heldBytes = 0
  /** Whether the current line is skipped up to its end. */
  isSkipping: boolean
  readonly #maxLineBytes: number

  constructor(maxLineBytes: number, chunkBytes: number, isSkipping: boolean) {
    this.buffer = Buffer.allocUnsafe(maxLineBytes + chunkBytes)
    this.isSkipping = isSkipping
    this.#maxLineBytes = maxLineBytes
  }

  /** Takes new bytes from the buffer. Returns the lines they complete, and how many bytes are done with. */
  take(bytes: number): { readonly lines: readonly string[]; readonly consumed: number } {
    const { buffer } = this
    const filled = this.heldBytes + bytes
    const end = buffer.subarray(0, filled).lastIndexOf(0x0a) + 1
    const lines = end === 0 ? [] : buffer.toString('utf8', 0, end - 1).split('\n')
    if (end > 0) {
      if (this.isSkipping) lines.shift()
      this.isSkipping = false
    }
    let consumed = end
    // If a file was truncated, an engine that continues at its own offset leaves zero bytes before the next line.
    if (!this.isSkipping) while (consumed < filled && buffer[consumed] === 0) consumed++
    if (filled - consumed > this.#maxLineBytes) {
      consumed = filled
      this.isSkipping = true
    }
    buffer.copyWithin(0, consumed, filled)
    this.heldBytes = filled - consumed
    return { lines: lines.map(trimLine), consumed }
  }
}

/** Removes zero bytes from the start and a carriage return from the end. */
function trimLine(line: string): string {
  return line.startsWith('\0') || line.endsWith('\r') ? line.replace(/^\0+|\r$/g, '') : line
}
