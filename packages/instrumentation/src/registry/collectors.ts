import { diag } from '@opentelemetry/api'
import { errorKind } from '../metrics/error-type.ts'

/** Somebody who knows numbers that no operation records, an engine for example: asked before each collection, it records them. */
export type CollectCallback = () => void | Promise<void>

/** How long a collection waits for its sources; one that takes longer goes on, and its numbers are in a later collection. */
const patienceMs = 1000

/** How long an answer is as good as a new one: a collection that comes to us by two ways asks once. */
const freshMs = 20

/** The sources of one registry. */
export class Collectors {
  readonly #sources = new Map<CollectCallback, Promise<void> | undefined>()
  readonly #said = new WeakSet<CollectCallback>()
  readonly #failed: () => void
  #refreshing: Promise<void> | undefined
  #refreshedMs = Number.NEGATIVE_INFINITY

  /** @param failed called each time a source fails, and each time one is not done when a collection goes on. */
  constructor(failed: () => void = () => {}) {
    this.#failed = failed
  }

  /** Returns the way back. */
  add(source: CollectCallback): () => void {
    this.#sources.set(source, undefined)
    return () => {
      this.#sources.delete(source)
    }
  }

  /** Asks every source, each at most once at a time, and waits for the answers, but not for ever. Never rejects. */
  collect(): Promise<void> {
    if (this.#sources.size === 0 || performance.now() - this.#refreshedMs < freshMs) return this.#refreshing ?? Promise.resolve()
    this.#refreshing ??= this.#askAll().finally(() => {
      this.#refreshing = undefined
      this.#refreshedMs = performance.now()
    })
    return this.#refreshing
  }

  async #askAll(): Promise<void> {
    const answers = [...this.#sources.keys()].map((source) => this.#ask(source))
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs)
    })
    await Promise.race([Promise.all(answers), patience])
    clearTimeout(timer)
    for (const running of this.#sources.values()) if (running !== undefined) this.#failed()
  }

  #ask(source: CollectCallback): Promise<void> {
    const running = this.#sources.get(source)
    if (running !== undefined) return running
    const answer = (async () => source())()
      .catch((error: unknown) => this.#fail(source, error))
      .finally(() => {
        if (this.#sources.has(source)) this.#sources.set(source, undefined)
      })
    this.#sources.set(source, answer)
    return answer
  }

  #fail(source: CollectCallback, error: unknown): void {
    this.#failed()
    if (this.#said.has(source)) return
    this.#said.add(source)
    diag.warn('@wombat/instrumentation: a source of metrics failed; its numbers are missing or old', errorKind(error))
  }
}
