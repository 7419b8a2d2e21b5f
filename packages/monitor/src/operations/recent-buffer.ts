/** Keeps the most recent items, up to a capacity. */
export class RecentBuffer<Item> {
  readonly #capacity: number
  readonly #items: Item[] = []
  #next = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** Adds an item. Returns the oldest one if it was dropped for it. */
  add(item: Item): Item | undefined {
    const dropped = this.#items[this.#next]
    this.#items[this.#next] = item
    this.#next = (this.#next + 1) % this.#capacity
    return dropped
  }

  get size(): number {
    return this.#items.length
  }

  /** Yields the items, newest first. */
  *[Symbol.iterator](): Generator<Item> {
    const { length } = this.#items
    for (let age = 1; age <= length; age++) yield this.#items[(this.#next - age + length) % length] as Item
  }
}
