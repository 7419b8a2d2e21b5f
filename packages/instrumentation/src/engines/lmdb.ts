import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { MetricName } from '../metrics/semconv.ts'
import type { StoreContext } from '../operations/store-context.ts'
import { readVolume, type VolumeState, volumeGauges } from './files/volume.ts'
import { type StateGauge, StateGauges } from './state-gauges.ts'

/** The parts of an lmdb database that are used; the package itself is not loaded. */
export interface LmdbDatabase {
  readonly status: string
  readonly name?: string | null
  readonly env: { readonly address?: number; readonly path: string }
  getStats(): Tree & LmdbMap
  readerList(): string
}

interface Tree {
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
  readonly entryCount: number
}

interface LmdbMap {
  readonly mapSize: number
  readonly lastPageNumber: number
}

interface LmdbState extends VolumeState {
  readonly mapBytes: number
  readonly mapUsedBytes: number
  readonly treeBytes: number
  readonly entries: number
  readonly snapshots: number
  readonly diskBytes: number | undefined
}

const gauges: ReadonlyArray<StateGauge<LmdbState>> = [
  { name: 'db_sstable_bytes', value: (state) => state.treeBytes },
  { name: 'db_map_bytes', value: (state) => state.mapBytes },
  { name: 'db_map_used_bytes', value: (state) => state.mapUsedBytes },
  { name: 'db_entries', value: (state) => state.entries },
  { name: 'db_open_snapshots', value: (state) => state.snapshots, aggregation: 'max' },
  { name: 'db_total_disk_bytes', value: (state) => state.diskBytes },
  ...volumeGauges,
]

/**
 * Records LMDB's metrics: pages and entries of the databases measured under one name, open read transactions (each keeps
 * old pages from being reused), the memory map and the file. LMDB has no cache, memtable, write-ahead log, levels or
 * compactions. The map grows past the `mapSize` it was opened with, so `mapSize` limits nothing.
 *
 * Two numbers of LMDB are left out. The number of reusable pages is unknown: `free` in the statistics is the size of the
 * tree with the list of free pages, not the length of that list; and subtracting the pages in use from the map would count
 * databases that are not open as free. The number of readers counts the slots of the reader table that were ever used; the
 * current readers are the open snapshots.
 */
export class LmdbReader {
  static readonly metricNames: readonly MetricName[] = gauges.map(({ name }) => name)
  readonly #database: LmdbDatabase
  readonly #databases: ReadonlySet<LmdbDatabase>
  readonly #gauges: StateGauges<LmdbState>

  /** @param databases all databases measured under this name, including `database`. */
  constructor(database: LmdbDatabase, databases: ReadonlySet<LmdbDatabase>, context: StoreContext) {
    this.#database = database
    this.#databases = databases
    this.#gauges = new StateGauges(gauges, context)
  }

  /** Reads the statistics and the files. */
  collect(): Promise<void> {
    return this.#gauges.publishFrom(() => this.#read())
  }

  async #read(): Promise<LmdbState | undefined> {
    const database = this.#database
    if (!isOpen(database)) return undefined
    // Before the statistics, because reading them opens a snapshot too.
    const snapshots = countSnapshots(database.readerList())
    const { mapSize, lastPageNumber, pageSize } = database.getStats()
    const trees = sumTrees(this.#databases)
    const files = await readFiles(database.env.path)
    const volume = files && (await readVolume(files.folder))
    return {
      ...trees,
      mapBytes: mapSize,
      // Pages are numbered from 0.
      mapUsedBytes: (lastPageNumber + 1) * pageSize,
      snapshots,
      diskBytes: files?.bytes,
      ...volume,
    }
  }
}

/**
 * Returns whether the database may be read. A database that was opened from another one keeps the status `open` after that
 * one is closed; reading it then would crash the process.
 */
export function isOpen(database: LmdbDatabase): boolean {
  return database.status === 'open' && database.env.address !== 0
}

/** Counts read transactions. A line of `readerList()` is a process, a thread and its transaction; `-` if it has none. */
function countSnapshots(readers: string): number {
  return [...readers.matchAll(/^\s*\d+\s+[0-9a-f]+\s+\d+\s*$/gim)].length
}

/** Adds up the trees. A database opened twice has two objects; in the main database each of the others is one entry. */
function sumTrees(databases: Iterable<LmdbDatabase>): { treeBytes: number; entries: number } {
  const byName = new Map<string | null, Tree>()
  for (const database of databases) if (isOpen(database)) byName.set(database.name ?? null, database.getStats())
  let [treeBytes, entries] = [0, 0]
  for (const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages, entryCount } of byName.values()) {
    treeBytes += (treeBranchPageCount + treeLeafPageCount + overflowPages) * pageSize
    entries += entryCount
  }
  return { treeBytes, entries: byName.has(null) ? entries - (byName.size - 1) : entries }
}

/** Returns the size of the data file and its lock file: both in a folder of their own, or next to each other. */
async function readFiles(path: string): Promise<{ folder: string; bytes: number } | undefined> {
  const status = await stat(path).catch(() => undefined)
  if (status === undefined) return undefined
  const files = status.isDirectory() ? [join(path, 'data.mdb'), join(path, 'lock.mdb')] : [path, `${path}-lock`]
  const sizes = await Promise.all(files.map(async (file) => (await stat(file).catch(() => undefined))?.size ?? 0))
  return { folder: status.isDirectory() ? path : dirname(path), bytes: sizes.reduce((sum, size) => sum + size) }
}
