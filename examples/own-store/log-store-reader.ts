import { stat } from 'node:fs/promises'
import { type EngineReader, type MetricName, type MetricsRegistry, StorageMetrics } from '@wombat/instrumentation'
import type { LogStore } from './log-store.ts'

/** What a LogStore says of itself: asked before each collection, but for compactions, of which it tells. */
export class LogStoreReader implements EngineReader {
  // The registry holds its readers, and so a store that is dropped must not be held here.
  readonly #store: WeakRef<LogStore>
  readonly #path: string
  readonly #release: ReadonlyArray<() => void>
  #diskBytes: number | undefined

  constructor(store: LogStore, registry: MetricsRegistry, name: string) {
    this.#store = new WeakRef(store)
    this.#path = store.path
    const labels = { store: name }
    const storage = new StorageMetrics(registry, labels)
    const compacted = (reclaimedBytes: number, durationMs: number) => storage.recordSpaceReclaim(reclaimedBytes, durationMs)
    store.on('compacted', compacted)
    this.#release = [
      this.#show(registry, 'db_entries', labels, ({ size }) => size),
      this.#show(registry, 'db_free_bytes', labels, ({ outdatedBytes }) => outdatedBytes),
      this.#show(registry, 'db_total_disk_bytes', labels, () => this.#diskBytes),
      () => this.#store.deref()?.off('compacted', compacted),
    ]
  }

  async read(): Promise<void> {
    this.#diskBytes = await stat(this.#path).then(
      ({ size }) => size,
      () => undefined,
    )
  }

  close(): void {
    for (const release of this.#release) release()
  }

  /** A gauge that looks is gone as soon as the store is closed; one that was set would stay. */
  #show(registry: MetricsRegistry, metric: MetricName, labels: { store: string }, read: (store: LogStore) => number | undefined) {
    return registry.gauge(metric, labels).observe(() => {
      const store = this.#store.deref()
      return store?.isOpen ? read(store) : undefined
    })
  }
}
