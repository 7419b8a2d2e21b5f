import type { MetricsRegistry } from '@wombat/instrumentation'
import { stat } from '@wombat/instrumentation/internal'

/**
 * Returns a function that finds out which database each store is, by the store's name: its folder as the file system identifies it. Two
 * processes that open the same database report its size twice. Stores without files are left out.
 */
export function databaseFinder(registry: MetricsRegistry): () => Promise<Readonly<Record<string, string>>> {
  const byPath = new Map<string, string>()
  return async () => {
    const found = new Map<string, Set<string>>()
    for (const store of registry.stores.list()) {
      const path = store.directory()
      if (path === undefined) continue
      const database = byPath.get(path) ?? (await identify(path))
      if (database === undefined) continue
      byPath.set(path, database)
      const ofName = found.get(store.name) ?? new Set()
      found.set(store.name, ofName.add(database))
    }
    return Object.fromEntries([...found].map(([name, databases]) => [name, [...databases].sort().join()]))
  }
}

/** Returns what is the same for every path to a folder; undefined while it cannot be read. */
async function identify(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path)
    return `${dev}:${ino}`
  } catch {
    return undefined
  }
}
