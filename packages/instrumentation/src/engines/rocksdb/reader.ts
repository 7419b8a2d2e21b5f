import { join } from 'node:path'
import type { MetricsRegistry } from '../../registry/registry.ts'
import type { EngineReader } from '../engine-reader.ts'
import { type DiskUsage, type FileKind, readDiskUsage, readVolume } from '../files/disk-usage.ts'
import { RocksDBEventLog } from './event-log.ts'
import { RocksDBLog } from './log.ts'
import { RocksDBMetrics, type RocksDBState } from './metrics.ts'
import { type ReadProperty, type RocksDBProperties, rocksdbProperties } from './properties.ts'
import { nextStall, noStall, type StallState, stallSeconds } from './stalls.ts'
import { parseStatistics, type RocksDBStatistics } from './statistics.ts'
import { BackgroundCpu } from './threads.ts'

/** One RocksDB, from its opening to its closing, as whoever binds the engine knows it. */
export interface RocksDBHandle {
  readonly directory: string
  /** While it is suspended or about to close it is `silent`; one that is `closed` stays so. */
  status(): 'opening' | 'open' | 'silent' | 'closed'
  /** One for each column family, the default one first. They reject once it begins to close. */
  families(): readonly ReadProperty[]
}

/** What it says when it is asked. */
interface Said {
  readonly properties: RocksDBProperties
  readonly statistics: RocksDBStatistics | undefined
  /** Of its threads, since the last time. */
  readonly cpuSeconds: number | undefined
  readonly disk: RocksDBState
}

/**
 * RocksDB's own numbers. Before each collection it asks for properties and, where they are on, statistics, looks at the
 * folder and at the engine's threads, and reads on in the file `LOG`, where RocksDB tells of each flush and compaction.
 */
export class RocksDBReader implements EngineReader {
  readonly #handle: RocksDBHandle
  readonly #metrics: RocksDBMetrics
  readonly #log: RocksDBLog
  readonly #events: RocksDBEventLog
  readonly #cpu: BackgroundCpu
  #stall: StallState = noStall
  #reading: Promise<void> | undefined
  #isClosed = false

  constructor(handle: RocksDBHandle, registry: MetricsRegistry, store: string) {
    const isNew = handle.status() === 'opening'
    this.#handle = handle
    this.#metrics = new RocksDBMetrics(registry, store, { isNew, isOpen: () => handle.status() === 'open' })
    this.#log = new RocksDBLog(join(handle.directory, 'LOG'), isNew ? 'beginning' : 'end')
    this.#events = new RocksDBEventLog(this.#metrics)
    this.#cpu = new BackgroundCpu(handle.directory)
    // What the engine has counted so far is not ours: it is asked for that at once.
    if (!isNew) this.onOpen()
  }

  /** The store has just been opened: its log is the one that is there now. */
  onOpen(): void {
    this.#log.open()
    this.sampleStalls()
  }

  /** Reads although nobody asked; after the store has closed, for the end of its log. */
  sampleStalls(): void {
    // Not at once: the store is about to change its status.
    setImmediate(() => this.read().catch(() => {}))
  }

  read(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  /** Nothing is read any more, and the gauges are gone. */
  close(): void {
    this.#isClosed = true
    this.#log.close()
    this.#metrics.release()
  }

  async #read(): Promise<void> {
    const status = this.#handle.status()
    if (this.#isClosed || status === 'opening') return
    let said: Said | undefined
    try {
      if (status === 'open') said = await this.#ask()
    } catch (error) {
      // It may have closed while it was asked.
      if (this.#handle.status() === 'open') throw error
    } finally {
      if (!this.#isClosed) this.#show(said)
      await this.#followLog()
    }
  }

  async #ask(): Promise<Said> {
    const families = this.#handle.families()
    const properties = await rocksdbProperties(families)
    const text = await families[0]?.('options-statistics')
    const statistics = text === undefined ? undefined : parseStatistics(text)
    return { properties, statistics, cpuSeconds: await this.#cpu.next(), disk: await this.#look(properties) }
  }

  #show(said: Said | undefined): void {
    if (said === undefined) {
      this.#metrics.publish(undefined)
      return
    }
    const { properties, statistics, cpuSeconds, disk } = said
    this.#metrics.addStatistics(properties, statistics)
    if (cpuSeconds !== undefined) this.#metrics.addCpu(cpuSeconds)
    this.#metrics.publish({ ...properties, ...disk, stallSeconds: this.#stalled(properties) })
  }

  #stalled({ stallCounts, isStalled }: RocksDBProperties): RocksDBState['stallSeconds'] {
    if (stallCounts === undefined || isStalled === undefined) return undefined
    const nowMs = performance.now()
    this.#stall = nextStall(this.#stall, stallCounts, isStalled, nowMs)
    return stallSeconds(this.#stall, nowMs)
  }

  async #look({ tables }: RocksDBProperties): Promise<RocksDBState> {
    const { directory } = this.#handle
    const files = await readDiskUsage(directory, kindOf, (name) => tables?.sizes.get(tableNumber(name)))
    // Where the store keeps its write-ahead log for a while, it is here.
    const archive: DiskUsage | undefined = await readDiskUsage(join(directory, 'archive'), kindOf)
    const volume = await readVolume(directory)
    if (files === undefined) return { ...volume }
    const walBytes = files.bytes.wal + (archive?.bytes.wal ?? 0)
    return { walBytes, diskBytes: files.totalBytes + (archive?.totalBytes ?? 0), ...volume }
  }

  async #followLog(): Promise<void> {
    const status = this.#handle.status()
    // It was being opened when we came, and nobody told us.
    if (status === 'open') this.#log.open()
    const isAll = await this.#log.read((line) => this.#events.line(line))
    if (status === 'closed' && isAll) this.close()
  }
}

const tablePattern = /^(\d+)\.sst$/

/** The number of a table, by its file's name; -1, which is none, for every other file. */
function tableNumber(name: string): number {
  return Number(tablePattern.exec(name)?.[1] ?? -1)
}

function kindOf(name: string): FileKind {
  if (tablePattern.test(name)) return 'table'
  if (/^\d+\.blob$/.test(name)) return 'value_log'
  return /^\d+\.log$/.test(name) ? 'wal' : 'other'
}
