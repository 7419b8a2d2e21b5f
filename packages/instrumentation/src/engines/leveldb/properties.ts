/** One level of the store. */
export interface Level {
  readonly files: number
  readonly bytes: number
}

/** LevelDB's properties. */
export interface LevelDBProperties {
  /** Level 0 first; undefined if LevelDB did not list the levels. */
  readonly levels: readonly Level[] | undefined
  /** The size of each table in bytes, by its number. */
  readonly tables: ReadonlyMap<number, number>
  /** Block cache and memtables together: LevelDB reports only their sum. */
  readonly memoryBytes: number | undefined
}

/** The parts of a classic-level database that are used; the package itself is not loaded. */
export interface PropertySource {
  readonly status: string
  getProperty(name: string): string
}

/** `--- level 1 ---`, and below it ` 250:1063259['key' @ 51392 : 1 .. 'key' @ 47833 : 1]`: keys are escaped, so each is one line. */
const sstablePattern = /^(?:--- level \d+ ---| (\d+):(\d+)\[)/gm

/** Reads the properties; undefined if the store is not open. Synchronous; takes some microseconds per table. */
export function readProperties(store: PropertySource): LevelDBProperties | undefined {
  if (store.status !== 'open') return undefined
  try {
    const memoryBytes = Number.parseInt(store.getProperty('leveldb.approximate-memory-usage'), 10)
    return {
      ...parseSSTables(store.getProperty('leveldb.sstables')),
      memoryBytes: Number.isNaN(memoryBytes) ? undefined : memoryBytes,
    }
  } catch {
    return undefined
  }
}

/** Parses the property `leveldb.sstables`. */
export function parseSSTables(text: string): Pick<LevelDBProperties, 'levels' | 'tables'> {
  const levels: Array<{ files: number; bytes: number }> = []
  const tables = new Map<number, number>()
  let level = { files: 0, bytes: 0 }
  for (const [, table, size] of text.matchAll(sstablePattern)) {
    if (table === undefined) {
      level = { files: 0, bytes: 0 }
      levels.push(level)
      continue
    }
    const bytes = Number(size)
    tables.set(Number(table), bytes)
    level.files++
    level.bytes += bytes
  }
  return { levels: levels.length === 0 ? undefined : levels, tables }
}

/** LevelDB compacts level 0 from this number of files on (`kL0_CompactionTrigger`). */
const levelZeroTrigger = 4

/** The target size of level 1 in bytes; that of each further level is ten times that of the one before (`MaxBytesForLevel`). */
const levelOneBytes = 10 * 1_048_576

/**
 * Returns the bytes that LevelDB has to move to a deeper level before every level is within its target, by the rules of LevelDB 1.20.
 * It is 0 when compactions have caught up.
 */
export function pendingCompactionBytes(levels: readonly Level[]): number {
  // The last level has no target.
  return levels.slice(0, -1).reduce((sum, { files, bytes }, level) => {
    if (level === 0) return sum + (files >= levelZeroTrigger ? bytes : 0)
    return sum + Math.max(0, bytes - levelOneBytes * 10 ** (level - 1))
  }, 0)
}
