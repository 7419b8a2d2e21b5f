/** The newest of what comes, as many as are wanted. */
export class RecentBuffer<Item> {
  readonly #room: number
  readonly #items: Item[] = []
  #next = 0

  constructor(room: number) {
    this.#room = room
  }

  /** Returns what had to go for it. */
  add(item: Item): Item | undefined {
    const gone = this.#items[this.#next]
    this.#items[this.#next] = item
    this.#next = (this.#next + 1) % this.#room
    return gone
  }

  get size(): number {
    return this.#items.length
  }

  /** Newest first. */
  *[Symbol.iterator](): Generator<Item> {
    const { length } = this.#items
    for (let back = 1; back <= length; back++) yield this.#items[(this.#next - back + length) % length] as Item
  }
}
