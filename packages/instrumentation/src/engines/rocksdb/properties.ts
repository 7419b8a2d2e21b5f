import { setImmediate } from 'node:timers/promises'
import { mergeTables, parseLevelStats, parseTables, type Tables } from './levels.ts'
import { parseStallCounts, type StallCounts } from './stalls.ts'

/** Reads a property of one column family, by its name without `rocksdb.`; undefined if there is no such property. */
export type ReadProperty = (property: string) => Promise<string | undefined>

/** RocksDB's properties, undefined if it does not report them. Sizes are in bytes. */
export interface RocksDBProperties {
  /** The active memtable, those waiting to be flushed, and those that iterators keep. */
  readonly memtableBytes: number | undefined
  readonly immutableMemtables: number | undefined
  /** Includes pinned blocks. */
  readonly cacheBytes: number | undefined
  /** Indexes and filters outside the cache. */
  readonly tableReaderBytes: number | undefined
  readonly tableBytes: number | undefined
  readonly blobBytes: number | undefined
  readonly pendingCompactionBytes: number | undefined
  readonly runningCompactions: number | undefined
  readonly snapshots: number | undefined
  /** When the oldest snapshot was made, in Unix seconds of the system clock; 0 if there is none. */
  readonly oldestSnapshotSeconds: number | undefined
  /** An estimate. */
  readonly entries: number | undefined
  /** An estimate. */
  readonly liveDataBytes: number | undefined
  readonly liveVersions: number | undefined
  readonly backgroundErrors: number | undefined
  /** Whether writers are stopped or slowed down now. */
  readonly isStalled: boolean | undefined
  readonly stallCounts: StallCounts | undefined
  readonly tables: Tables | undefined
}

/** A column family with more tables is read without its list of tables: the list is too long, and sizes rounded to mebibytes are exact enough. */
const maxListedTables = 1000

/** Properties of one column family; the store's value is their sum. */
const summedProperties = {
  memtableBytes: 'size-all-mem-tables',
  immutableMemtables: 'num-immutable-mem-table',
  cacheBytes: 'block-cache-usage',
  tableReaderBytes: 'estimate-table-readers-mem',
  tableBytes: 'live-sst-files-size',
  blobBytes: 'total-blob-file-size',
  pendingCompactionBytes: 'estimate-pending-compaction-bytes',
  entries: 'estimate-num-keys',
  liveDataBytes: 'estimate-live-data-size',
  liveVersions: 'num-live-versions',
} as const

type Sums = { -readonly [Key in keyof typeof summedProperties]: number | undefined }

/**
 * Reads all properties; each takes a few microseconds. Yields to the event loop after each column family, because there may
 * be many.
 *
 * @param families one reader for each column family, the default one first.
 */
export async function readProperties(families: readonly ReadProperty[]): Promise<RocksDBProperties> {
  const sums: Sums = {
    memtableBytes: undefined,
    immutableMemtables: undefined,
    cacheBytes: undefined,
    tableReaderBytes: undefined,
    tableBytes: undefined,
    blobBytes: undefined,
    pendingCompactionBytes: undefined,
    entries: undefined,
    liveDataBytes: undefined,
    liveVersions: undefined,
  }
  const tables: Tables[] = []
  const stalls: string[] = []
  for (const read of families) {
    for (const [key, property] of Object.entries(summedProperties) as Array<[keyof Sums, string]>) {
      const value = parseCount(await read(property))
      if (value !== undefined) sums[key] = (sums[key] ?? 0) + value
    }
    const familyTables = await readTables(read)
    if (familyTables !== undefined) tables.push(familyTables)
    stalls.push((await read('cf-write-stall-stats')) ?? '')
    await setImmediate()
  }
  const [first = readNothing] = families
  stalls.push((await first('db-write-stall-stats')) ?? '')
  return {
    ...sums,
    // These belong to the store; every column family reports the same.
    runningCompactions: parseCount(await first('num-running-compactions')),
    snapshots: parseCount(await first('num-snapshots')),
    oldestSnapshotSeconds: parseCount(await first('oldest-snapshot-time')),
    backgroundErrors: parseCount(await first('background-errors')),
    isStalled: isAnyAboveZero(parseCount(await first('is-write-stopped')), parseCount(await first('actual-delayed-write-rate'))),
    stallCounts: stalls.some((text) => text !== '') ? parseStallCounts(stalls) : undefined,
    tables: tables.length > 0 ? mergeTables(tables) : undefined,
  }
}

const readNothing: ReadProperty = async () => undefined

async function readTables(read: ReadProperty): Promise<Tables | undefined> {
  const stats = await read('levelstats')
  if (stats === undefined) return undefined
  const rounded = parseLevelStats(stats)
  const files = rounded.levels.reduce((sum, level) => sum + level.files, 0)
  const list = files > maxListedTables ? undefined : await read('sstables')
  return list === undefined ? rounded : parseTables(list)
}

function parseCount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

function isAnyAboveZero(stopped: number | undefined, delayedTo: number | undefined): boolean | undefined {
  if (stopped === undefined && delayedTo === undefined) return undefined
  return (stopped ?? 0) > 0 || (delayedTo ?? 0) > 0
}
