import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { MetricName } from '../metrics/semconv.ts'
import type { StoreContext } from '../operations/store-context.ts'
import { stat } from './files/file-access.ts'
import { readVolume, type VolumeState, volumeGauges } from './files/volume.ts'
import type { LmdbDatabase } from './lmdb-environment.ts'
import { LmdbMainDatabase, type LmdbReading, type LmdbTree } from './lmdb-main-database.ts'
import { type StateGauge, StateGauges } from './state-gauges.ts'

interface LmdbState extends VolumeState {
  readonly mapBytes: number
  readonly mapUsedBytes: number
  readonly freeBytes: number | undefined
  readonly treeBytes: number
  readonly entries: number
  readonly snapshots: number | undefined
  readonly usedReaderSlots: number | undefined
  readonly readerSlots: number | undefined
  readonly diskBytes: number | undefined
}

const gauges: ReadonlyArray<StateGauge<LmdbState>> = [
  { name: 'db_sstable_bytes', value: (state) => state.treeBytes },
  { name: 'db_map_bytes', value: (state) => state.mapBytes },
  { name: 'db_map_used_bytes', value: (state) => state.mapUsedBytes },
  { name: 'db_free_bytes', value: (state) => state.freeBytes },
  { name: 'db_entries', value: (state) => state.entries },
  { name: 'db_open_snapshots', value: (state) => state.snapshots },
  { name: 'db_reader_slots_used', value: (state) => state.usedReaderSlots },
  { name: 'db_reader_slots', value: (state) => state.readerSlots },
  { name: 'db_total_disk_bytes', value: (state) => state.diskBytes },
  ...volumeGauges,
]

/** The first two pages of an environment. */
const metaPages = 2

/** How often the statistics are read to find a snapshot of the last commit. */
const maxReadings = 3

/**
 * Records LMDB's metrics: pages and entries of the databases measured under one name, open read transactions (each keeps
 * old pages from being reused), the reader table, the memory map and the file. LMDB has no cache, memtable, write-ahead log,
 * levels or compactions. The map grows past the `mapSize` it was opened with, so `mapSize` limits nothing.
 *
 * Not all that exists can be known. LMDB does not tell when a read transaction began, so snapshots have no age. `free` in its
 * statistics is the size of the tree with the list of free pages, not the length of that list: `db_free_bytes` is what remains of
 * the file without all trees, so it is absent unless every tree is known. And `numReaders` counts the slots of the reader table
 * that were ever used, so the lines of the table are counted instead.
 */
export class LmdbReader {
  static readonly metricNames: readonly MetricName[] = gauges.map(({ name }) => name)
  readonly #database: LmdbDatabase
  readonly #main: LmdbMainDatabase
  readonly #names: Set<string | null>
  readonly #gauges: StateGauges<LmdbState>

  /**
   * @param names the databases measured under this name, null for the main one. A database that does not exist any more is
   *   removed, except for `database` itself.
   */
  constructor(database: LmdbDatabase, names: Set<string | null>, context: StoreContext) {
    this.#database = database
    this.#main = new LmdbMainDatabase(database)
    this.#names = names
    this.#gauges = new StateGauges(gauges, context)
  }

  /** Reads the statistics and the files. Returns whether the database exists; undefined if its environment is closed. */
  async collect(): Promise<boolean | undefined> {
    let exists: boolean | undefined
    await this.#gauges.publishFrom(async () => {
      const reading = await this.#readLastCommit()
      exists = reading === undefined ? undefined : this.#isIn(reading)
      return reading === undefined || exists === false ? undefined : this.#toState(reading)
    })
    return exists
  }

  /**
   * Reads a snapshot of the last commit. A read of the user keeps its snapshot until the end of its turn, and a reading in that
   * turn shows it too. The next turn of the timers begins after the one that lmdb resets its snapshot in.
   */
  async #readLastCommit(): Promise<LmdbReading | undefined> {
    const first = this.#read()
    let reading = first
    for (let readings = 1; readings < maxReadings && reading !== undefined && !reading.isLastCommit; readings++) {
      await sleep(0)
      reading = this.#read()
    }
    // The first reading saw the readers before any transaction of this collection.
    return reading && { ...reading, readers: first?.readers }
  }

  #read(): LmdbReading | undefined {
    return this.#main.read([...this.#names].filter((name) => name !== null))
  }

  #isIn({ named }: LmdbReading): boolean {
    const name = toName(this.#database)
    return name === null || named.has(name)
  }

  async #toState(reading: LmdbReading): Promise<LmdbState> {
    const { main, named, pageBytes, readers } = reading
    for (const name of this.#names) {
      if (name !== null && name !== toName(this.#database) && !named.has(name)) this.#names.delete(name)
    }
    const trees = [...named.values()]
    const namedEntries = sum(trees, ({ entries }) => entries)
    const hasMain = this.#names.has(null)
    if (hasMain) trees.push(main)
    const files = await readFiles(this.#database.env.path)
    const volume = files && (await readVolume(files.folder))
    return {
      treeBytes: sum(trees, ({ pages }) => pages) * pageBytes,
      // In the main database each of the others is one entry.
      entries: hasMain ? namedEntries + main.entries - named.size : namedEntries,
      mapBytes: reading.mapBytes,
      // Pages are numbered from 0.
      mapUsedBytes: (reading.lastPage + 1) * pageBytes,
      freeBytes: computeFreeBytes(reading),
      snapshots: readers?.snapshots,
      usedReaderSlots: readers?.usedSlots,
      readerSlots: readers?.slots,
      diskBytes: files?.bytes,
      ...volume,
    }
  }
}

/** Returns the name in the main database; null for the main database itself, which lmdb opens for every name but a text. */
export function toName({ name }: LmdbDatabase): string | null {
  return typeof name === 'string' ? name : null
}

/**
 * Returns the size of the pages on the list of free pages: those up to the last page that are in no tree. Undefined if an
 * entry of the main database may be another database, or if one has pages that are not counted.
 */
function computeFreeBytes({ isLastCommit, main, named, freeList, lastPage, pageBytes }: LmdbReading): number | undefined {
  const trees = [...named.values()]
  if (!isLastCommit || main.entries !== named.size || trees.some(({ hasDuplicates }) => hasDuplicates)) return undefined
  return (lastPage + 1 - metaPages - main.pages - freeList.pages - sum(trees, ({ pages }) => pages)) * pageBytes
}

function sum(trees: readonly LmdbTree[], toNumber: (tree: LmdbTree) => number): number {
  return trees.reduce((total, tree) => total + toNumber(tree), 0)
}

/** Returns the size of the data file and its lock file: both in a folder of their own, or next to each other. */
async function readFiles(path: string): Promise<{ folder: string; bytes: number } | undefined> {
  const status = await stat(path).catch(() => undefined)
  if (status === undefined) return undefined
  const files = status.isDirectory() ? [join(path, 'data.mdb'), join(path, 'lock.mdb')] : [path, `${path}-lock`]
  const sizes = await Promise.all(files.map(async (file) => (await stat(file).catch(() => undefined))?.size ?? 0))
  return { folder: status.isDirectory() ? path : dirname(path), bytes: sizes.reduce((total, size) => total + size) }
}
