import { setTimeout as sleep } from 'node:timers/promises'

const episodeMs = 4000
const levelIntervalMs = 250
/** An alert that fired for less before a crash may be forgotten: the file is written with the next sample and evaluation. */
const savedAfterMs = 2500

interface Episode {
  readonly id: string
  /** When the service was seen to have an alert that fires for it. */
  firedMs: number | undefined
  isForgotten: boolean
}

/** Raises an alert every few seconds, each with a label of its own, and knows which of them the receivers were told of. */
export class Episodes {
  readonly #episodes = new Map<string, Episode>()
  readonly #toldFiring = new Set<string>()
  readonly #toldResolved = new Set<string>()
  readonly #setLevel: (episode: string, level: number | undefined) => void
  #isRunning = true
  #count = 0

  constructor(setLevel: (episode: string, level: number | undefined) => void) {
    this.#setLevel = setLevel
  }

  async run(): Promise<void> {
    while (this.#isRunning) {
      const id = `${++this.#count}`
      this.#episodes.set(id, { id, firedMs: undefined, isForgotten: false })
      const endMs = performance.now() + episodeMs
      while (performance.now() < endMs) {
        // Again and again: the service may have been started anew.
        this.#setLevel(id, 9)
        await sleep(levelIntervalMs)
      }
      this.#setLevel(id, undefined)
    }
  }

  stop(): void {
    this.#isRunning = false
  }

  /** Takes the episodes whose alert fires. */
  sawFiring(ids: readonly string[]): void {
    for (const id of ids) {
      const episode = this.#episodes.get(id)
      if (episode !== undefined) episode.firedMs ??= performance.now()
    }
  }

  /** Reads what a webhook was told. */
  readNotification(body: Buffer): void {
    const { alerts } = JSON.parse(body.toString()) as {
      readonly alerts: ReadonlyArray<{ readonly status: string; readonly labels: { readonly episode?: string } }>
    }
    for (const { status, labels } of alerts) {
      const told = status === 'firing' ? this.#toldFiring : this.#toldResolved
      if (labels.episode !== undefined) told.add(labels.episode)
    }
  }

  /** Reports that the service was killed. With `isFileLost`, it does not know any more what fired before. */
  crashed(isFileLost: boolean): void {
    const savedMs = performance.now() - savedAfterMs
    for (const episode of this.#episodes.values()) {
      const isOpen = !this.#toldResolved.has(episode.id)
      if (isOpen && (isFileLost || (episode.firedMs ?? Number.POSITIVE_INFINITY) > savedMs)) episode.isForgotten = true
    }
  }

  get figures() {
    const all = [...this.#episodes.values()]
    return {
      raised: all.length,
      fired: all.filter(({ firedMs }) => firedMs !== undefined).length,
      toldFiring: this.#toldFiring.size,
      toldResolved: this.#toldResolved.size,
      forgottenInACrash: all.filter(({ isForgotten }) => isForgotten).length,
    }
  }

  /** Returns the episodes that fired and of whose end nobody was told. */
  untold(): string[] {
    return [...this.#episodes.values()]
      .filter(({ id, firedMs, isForgotten }) => firedMs !== undefined && !isForgotten && !this.#toldResolved.has(id))
      .map(({ id }) => id)
  }
}
