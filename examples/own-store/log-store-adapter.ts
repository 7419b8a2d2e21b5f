import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { StorageMetrics, type StoreAdapter, wrapMethods } from '@wombat/instrumentation'
import { LogStore } from './log-store.ts'

/** Measures a LogStore: `instrument(store, { name: 'orders', adapter: logStore })`. */
export const logStore: StoreAdapter<LogStore> = {
  name: 'log-store',
  operations: ['get', 'has', 'set', 'delete', 'clear'],
  engineMetrics: {
    'log-store': [
      'db_entries',
      'db_free_bytes',
      'db_total_disk_bytes',
      'db_space_reclaim_operations_total',
      'db_space_reclaim_bytes_total',
      'db_space_reclaim_duration_seconds',
    ],
  },
  errorCodes: new Set(['LOG_STORE_CLOSED', 'LOG_STORE_INVALID_KEY']),

  matches: (store) => store instanceof LogStore,
  engine: () => 'log-store',

  instrument(store, context) {
    const undo = wrapMethods(store, context, { get: 'get', has: 'has', set: 'set', delete: 'delete', clear: 'clear' })

    // Values that the store has in memory are read when they are exported.
    context.observeGauge('db_entries', () => store.size)
    context.observeGauge('db_free_bytes', () => store.outdatedBytes)

    // A file size must be awaited, so it is read before each collection.
    let diskBytes: number | undefined
    context.observeGauge('db_total_disk_bytes', () => diskBytes)

    const storage = new StorageMetrics(context.registry, { store: context.name })
    const onCompacted = (reclaimedBytes: number, durationMs: number) => storage.recordSpaceReclaim(reclaimedBytes, durationMs)
    store.on('compacted', onCompacted)

    return {
      state: () => (store.isOpen ? 'open' : 'closed'),
      directory: () => dirname(resolve(store.path)),

      // A health check writes, reads and removes a key; that must not count as the users' operations.
      probe: () => ({
        read: (key) => context.withoutMeasuring(() => store.get(key)),
        write: (key, value) => context.withoutMeasuring(() => store.set(key, value)),
        remove: async (key) => {
          await context.withoutMeasuring(() => store.delete(key))
        },
      }),

      async collect() {
        diskBytes = (await stat(store.path).catch(() => undefined))?.size
      },

      detach() {
        undo()
        store.off('compacted', onCompacted)
      },
    }
  },
}
