/** A memtable was written to disk. */
export interface Flush {
  /** When it was over: Unix time in milliseconds. */
  readonly endMs: number
  readonly bytes: number
  readonly durationSeconds: number
}

/** Tables, and blob files where there are any, were rewritten. A table that only moves to another level is no compaction. */
export interface Compaction {
  /** When it was over: Unix time in milliseconds. */
  readonly endMs: number
  readonly outputLevel: number
  readonly inputFiles: number
  readonly outputFiles: number
  readonly inputBytes: number
  readonly outputBytes: number
  readonly durationSeconds: number
  readonly cpuSeconds: number
}

/** What RocksDB's background work comes to, told once for each. */
export interface RocksDBEvents {
  onFlush(flush: Flush): void
  onCompaction(compaction: Compaction): void
}

/** What has begun and is not over. */
interface Job {
  readonly startMicros: number
  /** Table files that a compaction reads. */
  readonly inputFiles: number
  readonly inputBytes: number
  /** Written so far: what a flush comes to. */
  writtenBytes: number
}

/** A job that fails is not said to be over, and must not be kept for ever. */
const jobsKept = 256

const marker = 'EVENT_LOG_v1 '
const wanted = /"event": "(?:(?:flush|compaction)_(?:started|finished)|(?:table|blob)_file_creation)"/

/**
 * RocksDB's own account of its background work: those lines of its file `LOG` that carry JSON. One job takes several lines,
 * so they have to come in their order; with each opening of the store the jobs are numbered anew.
 */
export class RocksDBEventLog {
  readonly #events: RocksDBEvents
  readonly #jobs = new Map<number, Job>()

  constructor(events: RocksDBEvents) {
    this.#events = events
  }

  line(text: string): void {
    const start = text.indexOf(marker)
    if (start === -1 || !wanted.test(text)) return
    const event = parsed(text.slice(start + marker.length))
    const id = event?.['job']
    if (event === undefined || typeof id !== 'number') return
    switch (event['event']) {
      case 'flush_started':
      case 'compaction_started':
        this.#begin(id, event)
        break
      case 'flush_finished':
        this.#flushed(id, event)
        break
      case 'compaction_finished':
        this.#compacted(id, event)
        break
      default:
        this.#written(id, numberOf(event, 'file_size') + numberOf(event, 'total_blob_bytes'))
    }
  }

  #begin(id: number, event: Event): void {
    const startMicros = numberOf(event, 'time_micros')
    const inputBytes = numberOf(event, 'input_data_size')
    this.#jobs.set(id, { startMicros, inputFiles: inputFilesOf(event), inputBytes, writtenBytes: 0 })
    if (this.#jobs.size <= jobsKept) return
    for (const oldest of this.#jobs.keys()) {
      this.#jobs.delete(oldest)
      return
    }
  }

  #written(id: number, bytes: number): void {
    const job = this.#jobs.get(id)
    if (job !== undefined) job.writtenBytes += bytes
  }

  /** The job that is over; undefined where it began before the first line that we got. */
  #over(id: number): Job | undefined {
    const job = this.#jobs.get(id)
    this.#jobs.delete(id)
    return job
  }

  #flushed(id: number, event: Event): void {
    const job = this.#over(id)
    if (job === undefined) return
    const endMicros = numberOf(event, 'time_micros')
    const durationSeconds = Math.max(0, endMicros - job.startMicros) / 1e6
    this.#events.onFlush({ endMs: endMicros / 1000, bytes: job.writtenBytes, durationSeconds })
  }

  #compacted(id: number, event: Event): void {
    const job = this.#over(id)
    if (job === undefined) return
    // What a compaction writes to blob files it took from older ones, to leave their garbage behind. How much it read there
    // is not said; it is what it wrote.
    const blobBytes = numberOf(event, 'total_blob_output_size')
    this.#events.onCompaction({
      endMs: numberOf(event, 'time_micros') / 1000,
      outputLevel: numberOf(event, 'output_level'),
      inputFiles: job.inputFiles,
      outputFiles: numberOf(event, 'num_output_files'),
      inputBytes: job.inputBytes + blobBytes,
      outputBytes: numberOf(event, 'total_output_size') + blobBytes,
      durationSeconds: numberOf(event, 'compaction_time_micros') / 1e6,
      cpuSeconds: numberOf(event, 'compaction_time_cpu_micros') / 1e6,
    })
  }
}

type Event = Readonly<Record<string, unknown>>

/** The engine does not escape the names of column families, so a line may be no JSON. */
function parsed(text: string): Event | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Event) : undefined
  } catch {
    return undefined
  }
}

function numberOf(event: Event, key: string): number {
  const value = event[key]
  return typeof value === 'number' && value > 0 ? value : 0
}

/** Files are listed by level: `"files_L0": [15, 13], "files_L6": [9]`. */
function inputFilesOf(event: Event): number {
  let files = 0
  for (const [key, value] of Object.entries(event)) if (/^files_L\d+$/.test(key) && Array.isArray(value)) files += value.length
  return files
}
