import { dirname, resolve } from 'node:path'
import { type StoreAdapter, wrapMethods } from '@wombat/instrumentation'
import { LogStore } from './log-store.ts'
import { LogStoreReader } from './log-store-reader.ts'

/** How a LogStore is measured: `instrument(store, { name: 'orders', adapter: logStore })`. */
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
  isOpen: (store) => store.isOpen,
  directory: (store) => dirname(resolve(store.path)),

  // These are calls of whoever watches over the store, and not of its users.
  probe: (store, operations) => ({
    read: (key) => operations.withoutMeasuring(() => store.get(key)),
    write: (key, value) => operations.withoutMeasuring(() => store.set(key, value)),
    remove: async (key) => {
      await operations.withoutMeasuring(() => store.delete(key))
    },
  }),

  attach(store, operations) {
    const undo = wrapMethods(store, operations, { get: 'get', has: 'has', set: 'set', delete: 'delete', clear: 'clear' })
    operations.publishGauges()
    return undo
  },

  stats: (store, registry, name) => new LogStoreReader(store, registry, name),
}
