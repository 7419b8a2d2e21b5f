import { join, resolve } from 'node:path'
import type { MetricsRegistry } from '../../registry/registry.ts'
import type { EngineReader } from '../engine-reader.ts'
import { type FileKind, readDiskUsage, readVolume } from '../files/disk-usage.ts'
import { LogFollower } from '../files/log-follower.ts'
import { LevelDBLog } from './log.ts'
import type { StallCause } from './log-line.ts'
import { LevelDBMetrics, type LevelDBState } from './metrics.ts'
import { type LevelDBProperties, leveldbProperties, type PropertySource } from './properties.ts'

/** The parts of a classic-level database that we look at; the package itself is never loaded. */
export interface LevelDBStore extends PropertySource {
  readonly location: string
}

/**
 * LevelDB's own numbers. Before each collection it asks for properties, looks at the folder and reads on in the file `LOG`:
 * LevelDB counts no compaction, and tells of each one there. It is also to be told when the store has opened, which is when
 * the sizes of the tables are to be had, and closed, because only the last log before the present one is kept.
 */
export class LevelDBReader implements EngineReader {
  /** A store that is dropped stays free to be collected. */
  readonly #store: WeakRef<LevelDBStore>
  readonly #folder: string
  readonly #metrics: LevelDBMetrics
  readonly #log: LevelDBLog
  #follower: LogFollower | undefined
  #last: Promise<unknown> = Promise.resolve()
  #isClosed = false

  /** The store may be open already, or opened later. */
  constructor(store: LevelDBStore, registry: MetricsRegistry, name: string) {
    this.#store = new WeakRef(store)
    this.#folder = resolve(store.location)
    this.#metrics = new LevelDBMetrics(registry, name)
    this.#log = new LevelDBLog(this.#metrics)
    if (store.status !== 'open') return
    this.#learn()
    // What its log says until now was before us.
    this.#follower = this.#follow('end')
    this.#soon(() => this.#readLog())
  }

  /** The store has opened, with a log that is all ours. */
  onOpen(): void {
    if (this.#isClosed) return
    if (this.#follower === undefined) {
      this.#log.onRestart()
      this.#follower = this.#follow('beginning')
    }
    this.#soon(() => {
      this.#learn()
      return this.#readLog()
    })
  }

  /** The store has closed. */
  onClose(): void {
    this.#metrics.state.publish(undefined)
    this.#soon(() => this.#readLog())
  }

  read(): Promise<void> {
    return this.#next(() => this.#metrics.state.publishFrom(() => this.#readAll()))
  }

  /** Reads nothing any more. The counters stay. */
  close(): void {
    this.#isClosed = true
    this.#follower?.close()
    this.#metrics.release()
  }

  /** One after the other: two that read the log at once would count its lines twice. */
  #next(step: () => Promise<unknown>): Promise<void> {
    const next = this.#last.then(async () => {
      if (!this.#isClosed) await step()
    })
    this.#last = next.catch(() => {})
    return next
  }

  #soon(step: () => Promise<unknown>): void {
    // Whoever reads next hears what is wrong.
    this.#next(step).catch(() => {})
  }

  async #readAll(): Promise<LevelDBState | undefined> {
    if (this.#store.deref() === undefined) {
      this.close()
      return undefined
    }
    // Asked before reading on: a table that is there now was not deleted by any line that was read before.
    const properties = this.#learn()
    const disk = properties && (await this.#look(properties))
    const log = await this.#readLog()
    // It may have closed meanwhile.
    return this.#status === 'open' ? { ...properties, ...disk, ...log } : undefined
  }

  get #status(): string | undefined {
    return this.#store.deref()?.status
  }

  #learn(): LevelDBProperties | undefined {
    const store = this.#store.deref()
    const properties = store && leveldbProperties(store)
    if (properties !== undefined) this.#log.inputs.updateTables(properties.tables)
    return properties
  }

  #follow(from: 'beginning' | 'end'): LogFollower {
    return new LogFollower(join(this.#folder, 'LOG'), { from })
  }

  async #look({ tables }: LevelDBProperties): Promise<LevelDBState> {
    const files = await readDiskUsage(this.#folder, kindOf, (name) => tables.get(tableNumber(name)))
    return { walBytes: files?.bytes.wal, diskBytes: files?.totalBytes, ...(await readVolume(this.#folder)) }
  }

  /** What the log says of now, where that could be read. */
  async #readLog(): Promise<LevelDBState> {
    const follower = this.#follower
    if (follower === undefined) return {}
    const { caughtUp, writtenMs } = await follower.read(this.#log)
    if (!caughtUp || writtenMs === undefined) return {}
    if (this.#status === 'closed') {
      // The next time the store opens, its log is another one.
      follower.close()
      this.#follower = undefined
    }
    const idleSeconds = (Date.now() - writtenMs) / 1000
    const secondsOf = (cause: StallCause): number => this.#log.stallSeconds(cause, idleSeconds)
    return {
      compactionsRunning: this.#log.compactionsRunning,
      stallSeconds: { memtable: secondsOf('memtable'), level0: secondsOf('level0') },
    }
  }
}

const tablePattern = /^(\d+)\.(?:ldb|sst)$/

/** The number of a table, by its file's name; -1, which is none, for every other file. */
function tableNumber(name: string): number {
  return Number(tablePattern.exec(name)?.[1] ?? -1)
}

function kindOf(name: string): FileKind {
  if (tablePattern.test(name)) return 'table'
  return /^\d+\.log$/.test(name) ? 'wal' : 'other'
}
