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

/** Properties of one column family; the store's value is their sum, which is unknown if that of one column family is. */
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

type Sums = { readonly [Key in keyof typeof summedProperties]: number | undefined }

/** What one column family reports. */
interface FamilyProperties {
  readonly summed: Sums
  readonly tables: Tables | undefined
  readonly stalls: string | undefined
}

/**
 * Reads all properties; each takes a few microseconds. Yields to the event loop after each column family, because there may
 * be many.
 *
 * @param families one reader for each column family, the default one first; empty if they cannot be read.
 */
export async function readProperties(families: readonly ReadProperty[]): Promise<RocksDBProperties> {
  const all: FamilyProperties[] = []
  for (const read of families) {
    all.push(await readFamily(read))
    await setImmediate()
  }
  const [first = readNothing] = families
  const stalls = allKnown([...all.map((family) => family.stalls), await first('db-write-stall-stats')])
  const tables = allKnown(all.map((family) => family.tables))
  return {
    ...mapProperties((key) => allKnown(all.map(({ summed }) => summed[key]))?.reduce((sum, value) => sum + value)),
    // These belong to the store; every column family reports the same.
    runningCompactions: parseCount(await first('num-running-compactions')),
    snapshots: parseCount(await first('num-snapshots')),
    oldestSnapshotSeconds: parseCount(await first('oldest-snapshot-time')),
    backgroundErrors: parseCount(await first('background-errors')),
    isStalled: isAnyAboveZero(parseCount(await first('is-write-stopped')), parseCount(await first('actual-delayed-write-rate'))),
    stallCounts: stalls && parseStallCounts(stalls),
    tables: tables && mergeTables(tables),
  }
}

async function readFamily(read: ReadProperty): Promise<FamilyProperties> {
  const values = new Map<string, number | undefined>()
  for (const property of Object.values(summedProperties)) values.set(property, parseCount(await read(property)))
  return {
    summed: mapProperties((key) => values.get(summedProperties[key])),
    tables: await readTables(read),
    stalls: await read('cf-write-stall-stats'),
  }
}

function mapProperties(read: (key: keyof Sums) => number | undefined): Sums {
  const keys = Object.keys(summedProperties) as Array<keyof Sums>
  return Object.fromEntries(keys.map((key) => [key, read(key)])) as unknown as Sums
}

/** Returns the values if there are any and all of them are known. */
function allKnown<Value>(values: ReadonlyArray<Value | undefined>): readonly Value[] | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === values.length && known.length > 0 ? known : undefined
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
