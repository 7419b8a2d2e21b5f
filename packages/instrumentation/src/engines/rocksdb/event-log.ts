/** One flush: a memtable was written to disk. */
export interface Flush {
  /** Unix time in milliseconds. */
  readonly endMs: number
  readonly bytes: number
  readonly durationSeconds: number
}

/** One compaction: tables, and blob files if there are any, were rewritten. Moving a table to another level does not count. */
export interface Compaction {
  /** Unix time in milliseconds. */
  readonly endMs: number
  readonly outputLevel: number
  readonly inputFiles: number
  readonly outputFiles: number
  readonly inputBytes: number
  readonly outputBytes: number
  readonly durationSeconds: number
  readonly cpuSeconds: number
}

/** Receives each flush and each compaction once. */
export interface RocksDBEvents {
  onFlush(flush: Flush): void
  onCompaction(compaction: Compaction): void
}

/** A flush or compaction that is running. */
interface Job {
  readonly startMicros: number
  /** Table files that a compaction reads. */
  readonly inputFiles: number
  readonly inputBytes: number
  /** Written so far: the size of a flush. */
  writtenBytes: number
}

/** The log does not report the end of a job that fails, so the number of running jobs is bounded. */
const maxJobs = 256

const marker = 'EVENT_LOG_v1 '
const eventPattern = /"event": "(?:(?:flush|compaction)_(?:started|finished)|(?:table|blob)_file_creation)"/

/**
 * Parses the JSON lines of RocksDB's file `LOG`, which report its background work. A job takes several lines; pass them in
 * order. Each opening of the store numbers its jobs from 1, so it needs an object of its own.
 */
export class RocksDBEventLog {
  readonly #events: RocksDBEvents
  readonly #jobs = new Map<number, Job>()

  constructor(events: RocksDBEvents) {
    this.#events = events
  }

  /** Reads one line; lines that report no flush or compaction are ignored. */
  onLine(text: string): void {
    const start = text.indexOf(marker)
    if (start === -1 || !eventPattern.test(text)) return
    const event = parseEvent(text.slice(start + marker.length))
    const id = event?.['job']
    if (event === undefined || typeof id !== 'number') return
    switch (event['event']) {
      case 'flush_started':
      case 'compaction_started':
        this.#onJobStart(id, event)
        break
      case 'flush_finished':
        this.#onFlushEnd(id, event)
        break
      case 'compaction_finished':
        this.#onCompactionEnd(id, event)
        break
      default:
        this.#onFileWritten(id, readNumber(event, 'file_size') + readNumber(event, 'total_blob_bytes'))
    }
  }

  #onJobStart(id: number, event: Event): void {
    const startMicros = readNumber(event, 'time_micros')
    const inputBytes = readNumber(event, 'input_data_size')
    this.#jobs.set(id, { startMicros, inputFiles: countInputFiles(event), inputBytes, writtenBytes: 0 })
    if (this.#jobs.size <= maxJobs) return
    for (const oldest of this.#jobs.keys()) {
      this.#jobs.delete(oldest)
      return
    }
  }

  #onFileWritten(id: number, bytes: number): void {
    const job = this.#jobs.get(id)
    if (job !== undefined) job.writtenBytes += bytes
  }

  /** Returns the job that ended; undefined if it began before the first line that was read. */
  #take(id: number): Job | undefined {
    const job = this.#jobs.get(id)
    this.#jobs.delete(id)
    return job
  }

  #onFlushEnd(id: number, event: Event): void {
    const job = this.#take(id)
    if (job === undefined) return
    const endMicros = readNumber(event, 'time_micros')
    const durationSeconds = Math.max(0, endMicros - job.startMicros) / 1e6
    this.#events.onFlush({ endMs: endMicros / 1000, bytes: job.writtenBytes, durationSeconds })
  }

  #onCompactionEnd(id: number, event: Event): void {
    const job = this.#take(id)
    if (job === undefined) return
    // A compaction copies live blobs from old blob files to new ones. The log reports only what it wrote, which is also what
    // it read.
    const blobBytes = readNumber(event, 'total_blob_output_size')
    this.#events.onCompaction({
      endMs: readNumber(event, 'time_micros') / 1000,
      outputLevel: readNumber(event, 'output_level'),
      inputFiles: job.inputFiles,
      outputFiles: readNumber(event, 'num_output_files'),
      inputBytes: job.inputBytes + blobBytes,
      outputBytes: readNumber(event, 'total_output_size') + blobBytes,
      durationSeconds: readNumber(event, 'compaction_time_micros') / 1e6,
      cpuSeconds: readNumber(event, 'compaction_time_cpu_micros') / 1e6,
    })
  }
}

type Event = Readonly<Record<string, unknown>>

/** Returns undefined if the line is not JSON: the engine does not escape the names of column families. */
function parseEvent(text: string): Event | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Event) : undefined
  } catch {
    return undefined
  }
}

function readNumber(event: Event, key: string): number {
  const value = event[key]
  return typeof value === 'number' && value > 0 ? value : 0
}

/** Counts the input files, which are listed by level: `"files_L0": [15, 13], "files_L6": [9]`. */
function countInputFiles(event: Event): number {
  let files = 0
  for (const [key, value] of Object.entries(event)) if (/^files_L\d+$/.test(key) && Array.isArray(value)) files += value.length
  return files
}
