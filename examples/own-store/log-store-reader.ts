import { stat } from 'node:fs/promises'
import { type EngineReader, type MetricsRegistry, StorageMetrics } from '@wombat/instrumentation'
import type { LogStore } from './log-store.ts'

/** What a LogStore says of itself: asked before each collection, but for compactions, of which it tells. */
export class LogStoreReader implements EngineReader {
  readonly #store: LogStore
  readonly #release: ReadonlyArray<() => void>
  #diskBytes: number | undefined

  constructor(store: LogStore, registry: MetricsRegistry, name: string) {
    this.#store = store
    const labels = { store: name }
    // A gauge that looks is gone as soon as the store is closed; one that was set would stay.
    const show = (metric: 'db_entries' | 'db_free_bytes' | 'db_total_disk_bytes', read: () => number | undefined) =>
      registry.gauge(metric, labels).observe(() => (store.isOpen ? read() : undefined))
    const storage = new StorageMetrics(registry, labels)
    const compacted = (reclaimedBytes: number, durationMs: number) => storage.recordSpaceReclaim(reclaimedBytes, durationMs)
    store.on('compacted', compacted)
    this.#release = [
      show('db_entries', () => store.size),
      show('db_free_bytes', () => store.outdatedBytes),
      show('db_total_disk_bytes', () => this.#diskBytes),
      () => store.off('compacted', compacted),
    ]
  }

  async read(): Promise<void> {
    this.#diskBytes = await stat(this.#store.path).then(
      ({ size }) => size,
      () => undefined,
    )
  }

  close(): void {
    for (const release of this.#release) release()
  }
}
