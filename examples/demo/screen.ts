/** Prints lines above a table. In a terminal the table stays at the bottom and is redrawn; elsewhere every table is printed. */
export class Screen {
  readonly #output: NodeJS.WriteStream
  #table = ''

  constructor(output: NodeJS.WriteStream) {
    this.#output = output
  }

  /** Prints one or more lines. */
  write(text: string): void {
    this.#erase()
    this.#output.write(text.endsWith('\n') ? text : `${text}\n`)
    if (this.#output.isTTY) this.#output.write(this.#table)
  }

  /** Replaces the table. A terminal shows as many of its lines as it has room for: those above could not be erased. */
  draw(table: string): void {
    this.#erase()
    const lines = table.split('\n')
    const room = this.#output.isTTY ? this.#output.rows - 3 : lines.length
    const shown = lines.length <= room ? lines : [...lines.slice(0, room - 1), `... and ${lines.length - room + 1} more lines`]
    this.#table = `\n${shown.join('\n')}\n`
    this.#output.write(this.#table)
  }

  #erase(): void {
    if (!this.#output.isTTY || this.#table === '') return
    this.#output.moveCursor(0, -(this.#table.split('\n').length - 1))
    this.#output.clearScreenDown()
  }
}
