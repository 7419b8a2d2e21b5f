import { join, resolve } from 'node:path'
import type { StoreContext } from '../../operations/store-context.ts'
import { type FileKind, FolderUsage } from '../files/disk-usage.ts'
import { IdleTime } from '../files/idle-time.ts'
import { LogFollower } from '../files/log-follower.ts'
import { readVolume } from '../files/volume.ts'
import { LevelDBLog } from './log.ts'
import type { StallCause } from './log-line.ts'
import { LevelDBMetrics, type LevelDBState } from './metrics.ts'
import { type LevelDBProperties, type PropertySource, readProperties } from './properties.ts'

/** The parts of a classic-level database that are used; the package itself is not loaded. */
export interface LevelDBStore extends PropertySource {
  readonly location: string
}

/** The parts by which a database of LevelDB is recognized, in classic-level and in leveldown. */
interface LevelDBShape {
  readonly supports?: { readonly additionalMethods?: Readonly<Record<string, boolean>> }
  getProperty?(name: string): string
}

/** Returns whether a database has LevelDB's methods. Those of RocksDB have them too, and are told apart by their class. */
export function isLevelDB(database: LevelDBShape): boolean {
  const hasProperties =
    typeof database.getProperty === 'function' && database.supports?.additionalMethods?.['compactRange'] === true
  return hasProperties && !/rocks/i.test(database.constructor?.name ?? '')
}

/**
 * Records LevelDB's own metrics. Before each collection it reads properties, file sizes and the new lines of the file
 * `LOG`: LevelDB counts no compactions, but logs each one. Call `onOpen` and `onClose`: table sizes are available only
 * while the store is open, and LevelDB keeps only the current log and the one before.
 */
export class LevelDBReader {
  readonly #store: LevelDBStore
  readonly #context: StoreContext
  readonly #folder: string
  readonly #metrics: LevelDBMetrics
  readonly #log: LevelDBLog
  readonly #usage: FolderUsage
  #follower: LogFollower | undefined
  #cancelCloseOnRelease: (() => void) | undefined
  #lastRead: Promise<unknown> = Promise.resolve()
  readonly #idleTime = new IdleTime()
  #isClosed = false

  /** The store may be open already, or opened later. */
  constructor(store: LevelDBStore, context: StoreContext) {
    this.#store = store
    this.#context = context
    this.#folder = resolve(store.location)
    this.#usage = new FolderUsage(this.#folder, fileKind)
    this.#metrics = new LevelDBMetrics(context)
    this.#log = new LevelDBLog(this.#metrics)
    if (store.status !== 'open') return
    this.#readProperties()
    // Earlier lines are from before measuring began.
    this.#follow('end')
    this.#runInBackground(() => this.#readLog())
  }

  /** The store was opened: its log is new. */
  onOpen(): void {
    if (this.#isClosed) return
    // A follower without a file could not open the log of the opening before.
    if (this.#follower?.hasFile !== true) {
      this.#stopFollowing()
      this.#log.onRestart()
      this.#follow('beginning')
    }
    this.#runInBackground(() => {
      this.#readProperties()
      return this.#readLog()
    })
  }

  /** The store was closed: reads its log to the end. */
  onClose(): void {
    this.#metrics.state.publish(undefined)
    this.#runInBackground(() => this.#readLog())
  }

  /** Reads properties, files and log. */
  collect(): Promise<void> {
    return this.#enqueue(() => this.#metrics.state.publishFrom(() => this.#readAll()))
  }

  /** Stops reading. */
  close(): void {
    this.#isClosed = true
    this.#stopFollowing()
  }

  /** Runs reads one after another: two reads of the log at once would count its lines twice. */
  #enqueue(step: () => Promise<unknown>): Promise<void> {
    const next = this.#lastRead.then(async () => {
      if (!this.#isClosed) await step()
    })
    this.#lastRead = next.catch(() => {})
    return next
  }

  #runInBackground(step: () => Promise<unknown>): void {
    // The next collection reports a failure that persists.
    this.#enqueue(step).catch(() => {})
  }

  async #readAll(): Promise<LevelDBState | undefined> {
    // Before the log: a table that is there now was not deleted by any line that was read before.
    const properties = this.#readProperties()
    const disk = properties && (await this.#readDisk(properties))
    const log = await this.#readLog()
    // It may have closed meanwhile.
    return this.#store.status === 'open' ? { ...properties, ...disk, ...log } : undefined
  }

  #readProperties(): LevelDBProperties | undefined {
    const properties = readProperties(this.#store)
    if (properties !== undefined) this.#log.inputs.updateTables(properties.tables)
    return properties
  }

  /** The others of the engine's metrics do not depend on it. */
  #reportFailure(what: string, error: unknown): undefined {
    this.#context.registry.recordSourceFailure(`the ${what} of store ${JSON.stringify(this.#context.name)}`, error)
  }

  #follow(from: 'beginning' | 'end'): void {
    this.#follower = new LogFollower(join(this.#folder, 'LOG'), { from })
    this.#cancelCloseOnRelease = this.#context.closeOnRelease(this.#follower)
  }

  #stopFollowing(): void {
    this.#follower?.close()
    this.#cancelCloseOnRelease?.()
    this.#follower = undefined
  }

  async #readDisk({ tables }: LevelDBProperties): Promise<LevelDBState> {
    const usage = this.#usage.read((name) => tables.get(tableNumber(name)))
    const files = await usage.catch((error: unknown) => this.#reportFailure('files', error))
    return { walBytes: files?.bytes.wal, diskBytes: files?.totalBytes, ...(await readVolume(this.#folder)) }
  }

  /** Reads the new lines. Returns what the log reports about now; nothing if it was not read to its end. */
  async #readLog(): Promise<LevelDBState> {
    const follower = this.#follower
    if (follower === undefined) return {}
    const { isComplete, failure, writtenMs } = await follower.read(this.#log)
    this.#metrics.onRead()
    if (failure !== undefined) this.#reportFailure('log', failure)
    if (!isComplete || writtenMs === undefined) return {}
    // The next opening begins another log.
    if (this.#store.status === 'closed') {
      this.#log.onLogEnd()
      this.#stopFollowing()
    }
    const idleSeconds = this.#idleTime.seconds(writtenMs)
    const stallSeconds = (cause: StallCause): number => this.#log.stallSeconds(cause, idleSeconds)
    return {
      compactionsRunning: this.#log.compactionsRunning,
      stallSeconds: { memtable: stallSeconds('memtable'), level0: stallSeconds('level0') },
    }
  }
}

const tablePattern = /^(\d+)\.(?:ldb|sst)$/

/** Returns the table's number from its file name; -1, which no table has, for other files. */
function tableNumber(name: string): number {
  return Number(tablePattern.exec(name)?.[1] ?? -1)
}

/** Returns undefined for a file that LevelDB did not create. */
function fileKind(name: string): FileKind | undefined {
  if (tablePattern.test(name)) return 'table'
  if (/^\d+\.log$/.test(name)) return 'wal'
  return /^(?:CURRENT|LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.dbtmp)$/.test(name) ? 'other' : undefined
}
