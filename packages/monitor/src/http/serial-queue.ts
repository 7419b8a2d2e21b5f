/** Tasks one after the other: what each of them takes, it takes alone. */
export class SerialQueue {
  readonly #places: number
  #inside = 0
  #last: Promise<unknown> = Promise.resolve()

  /** How many may be in line, the one whose turn it is among them. */
  constructor(places: number) {
    this.#places = places
  }

  /** What the task gives when its turn has come; undefined, at once, where the line is full. */
  run<Result>(task: () => Promise<Result>): Promise<Result> | undefined {
    if (this.#inside >= this.#places) return undefined
    this.#inside++
    const turn = this.#last.then(task).finally(() => {
      this.#inside--
    })
    // The next one's turn comes also after a task that failed: the failure is its caller's.
    this.#last = turn.catch(() => undefined)
    return turn
  }
}
