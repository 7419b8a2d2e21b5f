import type { Logger } from '../logger.ts'

/** Topics beyond this are not logged: a topic may contain the name of a store. */
const maxTopics = 1000

/** Logs one warning for each topic until the topic is reset. Never throws, even if the logger does. */
export class WarnOnce {
  readonly #logger: Logger | undefined
  readonly #topics = new Set<string>()

  constructor(logger: Logger | undefined) {
    this.#logger = logger
  }

  /** Logs the warning unless the topic was logged before. */
  warn(topic: string, fields: object, message: string): void {
    if (this.#topics.has(topic) || this.#topics.size >= maxTopics) return
    this.#topics.add(topic)
    try {
      this.#logger?.warn(fields, message)
    } catch {
      // The application's logger failed, so there is nowhere to report it.
    }
  }

  /** Allows the topic to be logged again. */
  reset(topic: string): void {
    this.#topics.delete(topic)
  }
}
