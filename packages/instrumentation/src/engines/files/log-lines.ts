/**
 * Cuts the bytes of a file into lines. Bytes are cut at ends of line and only then read as UTF-8, so a character that lies
 * across two reads stays whole. It holds at most one line that is not complete, and no longer than `longestLineBytes`.
 */
export class Lines {
  /** Read the next bytes into here, behind those that are held. */
  readonly buffer: Buffer
  /** How many bytes of a line that is not complete are held. */
  held = 0
  /** Whether the line at hand is left out, up to its end. */
  skipping: boolean
  readonly #longestLineBytes: number

  constructor(longestLineBytes: number, chunkBytes: number, skipping: boolean) {
    this.buffer = Buffer.allocUnsafe(longestLineBytes + chunkBytes)
    this.skipping = skipping
    this.#longestLineBytes = longestLineBytes
  }

  /** Takes so many new bytes of the buffer. Says which lines are complete with them, and how many bytes are done with. */
  take(bytes: number): { readonly lines: readonly string[]; readonly done: number } {
    const { buffer } = this
    const filled = this.held + bytes
    const end = buffer.subarray(0, filled).lastIndexOf(0x0a) + 1
    const lines = end === 0 ? [] : buffer.toString('utf8', 0, end - 1).split('\n')
    if (end > 0) {
      if (this.skipping) lines.shift()
      this.skipping = false
    }
    let done = end
    // Where somebody cut off the file, an engine that writes on at its own place leaves a hole before the next line.
    if (!this.skipping) while (done < filled && buffer[done] === 0) done++
    if (filled - done > this.#longestLineBytes) {
      done = filled
      this.skipping = true
    }
    buffer.copyWithin(0, done, filled)
    this.held = filled - done
    return { lines: lines.map(withoutHole), done }
  }
}

function withoutHole(line: string): string {
  return line.startsWith('\0') || line.endsWith('\r') ? line.replace(/^\0+|\r$/g, '') : line
}
