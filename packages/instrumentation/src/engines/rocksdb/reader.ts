import { join } from 'node:path'
import type { StoreContext } from '../../operations/store-context.ts'
import { type DiskUsage, type FileKind, FolderUsage } from '../files/disk-usage.ts'
import { readVolume } from '../files/volume.ts'
import { SystemTimeAge } from '../system-time-age.ts'
import { RocksDBEventLog } from './event-log.ts'
import { RocksDBLog } from './log.ts'
import { RocksDBMetrics, type RocksDBState } from './metrics.ts'
import { type ReadProperty, type RocksDBProperties, readProperties } from './properties.ts'
import { StallLog } from './stall-log.ts'
import { initialStallState, nextStallState, type StallState, stallSeconds } from './stalls.ts'
import { parseStatistics, type RocksDBStatistics } from './statistics.ts'
import { BackgroundCpu } from './threads.ts'

/** One RocksDB from opening to closing, as its binding provides it. */
export interface RocksDBHandle {
  readonly directory: string
  /** `unavailable` while the database is suspended or closing. A `closed` database is never opened again. */
  status(): 'opening' | 'open' | 'unavailable' | 'closed'
  /** Reads properties of each column family, the default one first. Rejects while the database is closing. */
  families(): readonly ReadProperty[]
}

/** Everything that is read from the engine at one time. */
interface EngineSnapshot {
  readonly properties: RocksDBProperties
  readonly statistics: RocksDBStatistics | undefined
  /** CPU time of its threads since the last snapshot. */
  readonly cpuSeconds: number | undefined
  readonly disk: RocksDBState
  /** Unix time in milliseconds at which the properties were read. */
  readonly atMs: number
}

/**
 * Records RocksDB's own metrics. Before each collection it reads properties, statistics if they are enabled, file sizes,
 * the CPU time of the engine's threads, and the new lines of the file `LOG`, which reports each flush and compaction.
 */
export class RocksDBReader {
  readonly #handle: RocksDBHandle
  readonly #metrics: RocksDBMetrics
  readonly #log: RocksDBLog
  readonly #events: RocksDBEventLog
  readonly #stallLog: StallLog
  readonly #cpu: BackgroundCpu
  readonly #context: StoreContext
  readonly #usage: FolderUsage
  /** Old write-ahead logs are there if the store is configured to keep them. */
  readonly #archiveUsage: FolderUsage
  #stall: StallState = initialStallState
  readonly #snapshotAge = new SystemTimeAge()
  #collection: Promise<void> | undefined
  #isClosed = false

  constructor(handle: RocksDBHandle, context: StoreContext) {
    const isNew = handle.status() === 'opening'
    this.#handle = handle
    this.#context = context
    this.#usage = new FolderUsage(handle.directory, fileKind)
    this.#archiveUsage = new FolderUsage(join(handle.directory, 'archive'), fileKind)
    this.#metrics = new RocksDBMetrics(context, { isNew })
    this.#log = new RocksDBLog(join(handle.directory, 'LOG'), isNew ? 'beginning' : 'end')
    context.closeOnRelease(this.#log)
    this.#events = new RocksDBEventLog(this.#metrics)
    this.#stallLog = new StallLog(this.#metrics)
    this.#cpu = new BackgroundCpu(handle.directory)
    // At once: what the engine has counted so far is from before measuring began.
    if (!isNew) this.onOpen()
  }

  /** The store was opened: the log in its folder now is its own. */
  onOpen(): void {
    this.#openLog()
    this.collectSoon()
  }

  /** Collects between two collections; after the store was closed, this reads the end of its log. */
  collectSoon(): void {
    // Not at once: the store is about to change its status.
    setImmediate(() => this.collect().catch(() => {}))
  }

  /** Reads the engine, its files and its log. Concurrent calls share one read. */
  collect(): Promise<void> {
    this.#collection ??= this.#collect().finally(() => {
      this.#collection = undefined
    })
    return this.#collection
  }

  /** Stops reading. */
  close(): void {
    this.#isClosed = true
    this.#log.close()
  }

  async #collect(): Promise<void> {
    const status = this.#handle.status()
    if (this.#isClosed || status === 'opening') return
    let snapshot: EngineSnapshot | undefined
    try {
      if (status === 'open') snapshot = await this.#readEngine()
    } catch (error) {
      // It may have closed while it was read.
      if (this.#handle.status() === 'open') throw error
    } finally {
      if (!this.#isClosed) this.#publish(snapshot)
      const isComplete = await this.#readLog()
      if (isComplete) this.#confirmStall(snapshot)
    }
  }

  async #readEngine(): Promise<EngineSnapshot> {
    const families = this.#handle.families()
    const atMs = Date.now()
    const properties = await readProperties(families)
    const text = await families[0]?.('options-statistics')
    const statistics = text === undefined ? undefined : parseStatistics(text)
    return { atMs, properties, statistics, cpuSeconds: await this.#cpu.next(), disk: await this.#readDisk(properties) }
  }

  #publish(snapshot: EngineSnapshot | undefined): void {
    if (snapshot === undefined) {
      this.#metrics.publish(undefined)
      return
    }
    const { properties, statistics, cpuSeconds, disk } = snapshot
    this.#metrics.addStatistics(properties, statistics)
    if (cpuSeconds !== undefined) this.#metrics.addCpu(cpuSeconds)
    const stallSeconds = this.#updateStall(properties)
    this.#metrics.publish({ ...properties, ...disk, stallSeconds, oldestSnapshotAgeSeconds: this.#oldestSnapshotAge(properties) })
  }

  #oldestSnapshotAge({ oldestSnapshotSeconds }: RocksDBProperties): number | undefined {
    this.#snapshotAge.observe()
    if (oldestSnapshotSeconds === undefined || oldestSnapshotSeconds === 0) return oldestSnapshotSeconds
    return this.#snapshotAge.seconds(oldestSnapshotSeconds * 1000)
  }

  #updateStall({ stallCounts, isStalled }: RocksDBProperties): RocksDBState['stallSeconds'] {
    if (stallCounts === undefined || isStalled === undefined) return undefined
    const nowMs = performance.now()
    this.#stall = nextStallState(this.#stall, stallCounts, isStalled, nowMs)
    return stallSeconds(this.#stall, nowMs)
  }

  async #readDisk({ tables }: RocksDBProperties): Promise<RocksDBState> {
    const { directory } = this.#handle
    const volume = await readVolume(directory)
    let files: DiskUsage | undefined
    let archive: DiskUsage | undefined
    try {
      files = await this.#usage.read((name) => tables?.sizes.get(tableNumber(name)))
      archive = await this.#archiveUsage.read()
    } catch (error) {
      this.#reportFailure('files', error)
      return { ...volume }
    }
    if (files === undefined) return { ...volume }
    const walBytes = files.bytes.wal + (archive?.bytes.wal ?? 0)
    return { walBytes, diskBytes: files.totalBytes + (archive?.totalBytes ?? 0), ...volume }
  }

  /** The others of the engine's metrics do not depend on it. */
  #reportFailure(what: string, error: unknown): void {
    this.#context.registry.recordSourceFailure(`the ${what} of store ${JSON.stringify(this.#context.name)}`, error)
  }

  #openLog(): void {
    const failure = this.#log.open()
    if (failure !== undefined) this.#reportFailure('log', failure)
  }

  /** Compares the stall in the log with what the engine reported before it was read. */
  #confirmStall(snapshot: EngineSnapshot | undefined): void {
    if (this.#handle.status() === 'closed') this.#stallLog.onClosed(Date.now())
    const isStalled = snapshot?.properties.isStalled
    if (snapshot !== undefined && isStalled !== undefined) this.#stallLog.confirm(isStalled, this.#stall.latest, snapshot.atMs)
  }

  /** Returns whether the log was read to its end. */
  async #readLog(): Promise<boolean> {
    const status = this.#handle.status()
    // `onOpen` is not called for a store that was being opened when measuring began.
    if (status === 'open') this.#openLog()
    const isComplete = await this.#log.read((line) => {
      this.#events.onLine(line)
      this.#stallLog.onLine(line)
    })
    if (isComplete) this.#metrics.endInitialRead()
    if (status === 'closed' && isComplete) this.close()
    return isComplete
  }
}

const tablePattern = /^(\d+)\.sst$/

/** Returns the table's number from its file name; -1, which no table has, for other files. */
function tableNumber(name: string): number {
  return Number(tablePattern.exec(name)?.[1] ?? -1)
}

/** Returns undefined for a file that RocksDB did not create. */
function fileKind(name: string): FileKind | undefined {
  if (tablePattern.test(name)) return 'table'
  if (/^\d+\.blob$/.test(name)) return 'value_log'
  if (/^\d+\.log$/.test(name)) return 'wal'
  return /^(?:CURRENT|IDENTITY|LOCK|LOG|LOG\.old.*|MANIFEST-\d+|OPTIONS-\d+|\d+\.dbtmp)$/.test(name) ? 'other' : undefined
}
