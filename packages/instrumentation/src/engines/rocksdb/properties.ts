import { setImmediate } from 'node:timers/promises'
import { mergeTables, parseLevelStats, parseTables, type Tables } from './levels.ts'
import { parseStallCounts, type StallCounts } from './stalls.ts'

/** Asks for a property, by its name without `rocksdb.`, seen from one column family; undefined where there is no such. */
export type ReadProperty = (property: string) => Promise<string | undefined>

/** What RocksDB says of itself when it is asked; what it does not say is undefined. Sizes in bytes. */
export interface RocksDBProperties {
  /** The one that is written to, those that wait for their flush, and those that an iterator still needs. */
  readonly memtableBytes: number | undefined
  readonly immutableMemtables: number | undefined
  /** What is pinned in the cache is part of it. */
  readonly cacheBytes: number | undefined
  /** Indexes and filters that are kept outside of the cache. */
  readonly tableReaderBytes: number | undefined
  readonly tableBytes: number | undefined
  readonly blobBytes: number | undefined
  readonly pendingCompactionBytes: number | undefined
  readonly runningCompactions: number | undefined
  readonly snapshots: number | undefined
  readonly backgroundErrors: number | undefined
  /** Whether writers are held back now: stopped, or slowed down. */
  readonly isStalled: boolean | undefined
  readonly stallCounts: StallCounts | undefined
  readonly tables: Tables | undefined
}

/** Beyond so many tables in a column family, sizes rounded to mebibytes are close enough, and the list is too long to ask for. */
const tablesListed = 1000

/** Each column family has its own of these; the store has their sum. */
const summed = {
  memtableBytes: 'size-all-mem-tables',
  immutableMemtables: 'num-immutable-mem-table',
  cacheBytes: 'block-cache-usage',
  tableReaderBytes: 'estimate-table-readers-mem',
  tableBytes: 'live-sst-files-size',
  blobBytes: 'total-blob-file-size',
  pendingCompactionBytes: 'estimate-pending-compaction-bytes',
} as const

type Sums = { -readonly [Key in keyof typeof summed]: number | undefined }

/**
 * Asks for everything, a few microseconds each. From one column family to the next others have their turn, because there
 * may be many.
 *
 * @param families one for each column family, the default one first.
 */
export async function rocksdbProperties(families: readonly ReadProperty[]): Promise<RocksDBProperties> {
  const sums: Sums = {
    memtableBytes: undefined,
    immutableMemtables: undefined,
    cacheBytes: undefined,
    tableReaderBytes: undefined,
    tableBytes: undefined,
    blobBytes: undefined,
    pendingCompactionBytes: undefined,
  }
  const tables: Tables[] = []
  const stalls: string[] = []
  for (const ask of families) {
    for (const [key, property] of Object.entries(summed) as Array<[keyof Sums, string]>) {
      const value = numberIn(await ask(property))
      if (value !== undefined) sums[key] = (sums[key] ?? 0) + value
    }
    const found = await tablesOf(ask)
    if (found !== undefined) tables.push(found)
    stalls.push((await ask('cf-write-stall-stats')) ?? '')
    await setImmediate()
  }
  const [first = nothing] = families
  stalls.push((await first('db-write-stall-stats')) ?? '')
  return {
    ...sums,
    // These are the store's own, whichever column family is asked.
    runningCompactions: numberIn(await first('num-running-compactions')),
    snapshots: numberIn(await first('num-snapshots')),
    backgroundErrors: numberIn(await first('background-errors')),
    isStalled: either(numberIn(await first('is-write-stopped')), numberIn(await first('actual-delayed-write-rate'))),
    stallCounts: stalls.some((text) => text !== '') ? parseStallCounts(stalls) : undefined,
    tables: tables.length > 0 ? mergeTables(tables) : undefined,
  }
}

const nothing: ReadProperty = async () => undefined

async function tablesOf(ask: ReadProperty): Promise<Tables | undefined> {
  const stats = await ask('levelstats')
  if (stats === undefined) return undefined
  const rounded = parseLevelStats(stats)
  const files = rounded.levels.reduce((sum, level) => sum + level.files, 0)
  const list = files > tablesListed ? undefined : await ask('sstables')
  return list === undefined ? rounded : parseTables(list)
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

function either(stopped: number | undefined, delayedTo: number | undefined): boolean | undefined {
  if (stopped === undefined && delayedTo === undefined) return undefined
  return (stopped ?? 0) > 0 || (delayedTo ?? 0) > 0
}
