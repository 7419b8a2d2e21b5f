import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { MetricName } from '../metrics/semconv.ts'
import type { MetricsRegistry } from '../registry/registry.ts'
import type { EngineReader } from './engine-reader.ts'
import { readVolume } from './files/disk-usage.ts'
import { type StateGauge, StateGauges } from './state-gauges.ts'
import { type VolumeState, volumeGauges } from './volume-gauges.ts'

/** The parts of an lmdb database that we look at; the package itself is never loaded. */
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
  { name: 'db_open_snapshots', value: (state) => state.snapshots, combine: 'max' },
  { name: 'db_total_disk_bytes', value: (state) => state.diskBytes },
  ...volumeGauges,
]

/**
 * What LMDB says of itself: the pages and entries of the databases that are measured together, who reads of an old state and
 * so keeps its pages from being used again, the map and the file. It has no cache, memtable, write-ahead log, levels or
 * compactions. The map grows by itself, past the `mapSize` it was opened with, so that its size limits nothing.
 *
 * How much could be used again it does not say. `free` in its statistics is the size of the tree that holds the list of free
 * pages, not how many the list names, and the list cannot be read; nor is it what is left of the map when the pages in use
 * are taken away, because a database that nobody has opened takes pages too. Its number of readers is that of the places in
 * the reader table that were ever taken, and is left out as well: who reads now is among the snapshots.
 */
export class LmdbReader implements EngineReader {
  static readonly metricNames: readonly MetricName[] = gauges.map(({ name }) => name)
  readonly #store: WeakRef<LmdbDatabase>
  readonly #databases: WeakRef<ReadonlySet<LmdbDatabase>>
  readonly #gauges: StateGauges<LmdbState>

  /** @param databases those that go by this name, the store among them. */
  constructor(store: LmdbDatabase, databases: ReadonlySet<LmdbDatabase>, registry: MetricsRegistry, name: string) {
    const held = new WeakRef(store)
    this.#store = held
    this.#databases = new WeakRef(databases)
    this.#gauges = new StateGauges(gauges, registry, name, () => isOpen(held.deref()))
  }

  read(): Promise<void> {
    return this.#gauges.publishFrom(() => this.#read())
  }

  async #read(): Promise<LmdbState | undefined> {
    const store = this.#store.deref()
    if (!isOpen(store)) return undefined
    // Asking for statistics begins to read, which is a snapshot as well.
    const snapshots = snapshotsIn(store.readerList())
    const { mapSize, lastPageNumber, pageSize } = store.getStats()
    const trees = treesOf(this.#databases.deref() ?? [])
    const files = await filesOf(store.env.path)
    const volume = files && (await readVolume(files.folder))
    return {
      ...trees,
      mapBytes: mapSize,
      // The first page is number 0.
      mapUsedBytes: (lastPageNumber + 1) * pageSize,
      snapshots,
      diskBytes: files?.bytes,
      ...volume,
    }
  }

  close(): void {
    this.#gauges.release()
  }
}

/** A database that was opened from another one stays `open` when that is closed; asking it then would end the process. */
export function isOpen(database: LmdbDatabase | undefined): database is LmdbDatabase {
  return database?.status === 'open' && database.env.address !== 0
}

/** A line of `readerList()` is process, thread and the transaction it reads; `-` where it reads none. */
function snapshotsIn(readers: string): number {
  return [...readers.matchAll(/^\s*\d+\s+[0-9a-f]+\s+\d+\s*$/gim)].length
}

/** Of a database that was opened twice there are two objects; in the main one each of the others is an entry. */
function treesOf(databases: Iterable<LmdbDatabase>): { treeBytes: number; entries: number } {
  const byName = new Map<string | null, Tree>()
  for (const database of databases) if (isOpen(database)) byName.set(database.name ?? null, database.getStats())
  let [treeBytes, entries] = [0, 0]
  for (const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages, entryCount } of byName.values()) {
    treeBytes += (treeBranchPageCount + treeLeafPageCount + overflowPages) * pageSize
    entries += entryCount
  }
  return { treeBytes, entries: byName.has(null) ? entries - (byName.size - 1) : entries }
}

/** The file with its lock, in a folder of their own or beside each other. */
async function filesOf(path: string): Promise<{ folder: string; bytes: number } | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) return undefined
  const files = found.isDirectory() ? [join(path, 'data.mdb'), join(path, 'lock.mdb')] : [path, `${path}-lock`]
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return { folder: found.isDirectory() ? path : dirname(path), bytes: sizes.reduce((sum, size) => sum + size) }
}
