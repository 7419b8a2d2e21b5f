import type { MetricsRegistry } from '@wombat/instrumentation'

/** The registry of a whole: of one process, and of its threads as soon as there are some. */
export class RegistrySource {
  #current: MetricsRegistry
  readonly #listeners = new Set<(registry: MetricsRegistry) => void>()

  constructor(registry: MetricsRegistry) {
    this.#current = registry
  }

  get current(): MetricsRegistry {
    return this.#current
  }

  /** Replaces the registry by one that contains its values. */
  replace(registry: MetricsRegistry): void {
    this.#current = registry
    for (const listener of this.#listeners) listener(registry)
  }

  /** Returns a function that removes the listener. */
  onChange(listener: (registry: MetricsRegistry) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
