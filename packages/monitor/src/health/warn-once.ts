import type { Logger } from '../logger.ts'

/** Warnings that come once for each topic, until it is well again. A logger that fails is no concern of whoever warns. */
export class WarnOnce {
  readonly #logger: Logger | undefined
  readonly #said = new Set<string>()

  constructor(logger: Logger | undefined) {
    this.#logger = logger
  }

  warn(topic: string, fields: object, message: string): void {
    if (this.#said.has(topic) || this.#said.size >= 1000) return
    this.#said.add(topic)
    try {
      this.#logger?.warn(fields, message)
    } catch {
      // There is nowhere left to say it.
    }
  }

  forget(topic: string): void {
    this.#said.delete(topic)
  }
}
