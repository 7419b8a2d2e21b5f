import type { Operations, Store } from './operations.ts'

/** Returns operations that call the store without measuring anything. */
export function bare(store: Store): Operations {
  return {
    get: (key) => store.get(key),
    getSync: (key) => store.getSync(key),
    put: ({ key, value }) => store.put(key, value),
    batch: (entries) => store.batch(entries),
    async scan(range) {
      for await (const _ of store.iterator(range)) {
        // Only the iteration itself is measured.
      }
    },
  }
}
