import { EventEmitter } from 'node:events'
import { type FileHandle, open, rename } from 'node:fs/promises'

/** The position of a key's last record in the file. */
interface RecordPosition {
  readonly offset: number
  readonly bytes: number
}

export class LogStoreError extends Error {
  readonly code: 'LOG_STORE_CLOSED' | 'LOG_STORE_INVALID_KEY'

  constructor(code: LogStoreError['code'], message: string) {
    super(message)
    this.code = code
  }
}

/**
 * A store of strings: an append-only file, and an index of it in memory. A record is a line of JSON, `["key","value"]`, or
 * `["key"]` if the key was deleted. `compact()` writes a new file without outdated records.
 */
export class LogStore extends EventEmitter<{ compacted: [reclaimedBytes: number, durationMs: number] }> {
  readonly path: string
  #file: FileHandle
  #index = new Map<string, RecordPosition>()
  #fileBytes = 0
  #liveBytes = 0
  #isOpen = true
  /** Writes run one after another: each needs the offset at which the file ends. */
  #last: Promise<unknown> = Promise.resolve()

  private constructor(path: string, file: FileHandle) {
    super()
    this.path = path
    this.#file = file
  }

  static async open(path: string): Promise<LogStore> {
    const store = new LogStore(path, await open(path, 'a+'))
    for (const line of (await store.#file.readFile('utf8')).split('\n').slice(0, -1)) {
      const [key, value] = JSON.parse(line)
      store.#updateIndex(key, value, Buffer.byteLength(line) + 1)
    }
    return store
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  get size(): number {
    return this.#index.size
  }

  /** How many bytes `compact()` would free. */
  get outdatedBytes(): number {
    return this.#fileBytes - this.#liveBytes
  }

  async get(key: string): Promise<string | undefined> {
    const position = this.#assertUsable(key).#index.get(key)
    if (position === undefined) return undefined
    const { buffer } = await this.#file.read(Buffer.alloc(position.bytes), 0, position.bytes, position.offset)
    return JSON.parse(buffer.toString('utf8'))[1]
  }

  has(key: string): boolean {
    return this.#assertUsable(key).#index.has(key)
  }

  async set(key: string, value: string): Promise<void> {
    await this.#assertUsable(key).#append(key, value)
  }

  async delete(key: string): Promise<boolean> {
    const isThere = this.has(key)
    if (isThere) await this.#append(key)
    return isThere
  }

  async clear(): Promise<void> {
    await Promise.all([...this.#index.keys()].map((key) => this.delete(key)))
  }

  async compact(): Promise<void> {
    await this.#next(async () => {
      const startMs = performance.now()
      const [old, oldBytes] = [this.#file, this.#fileBytes]
      const file = await open(`${this.path}.new`, 'w+')
      const index = new Map<string, RecordPosition>()
      let offset = 0
      for (const [key, position] of this.#index) {
        const { buffer } = await old.read(Buffer.alloc(position.bytes), 0, position.bytes, position.offset)
        await file.write(buffer)
        index.set(key, { offset, bytes: position.bytes })
        offset += position.bytes
      }
      await rename(`${this.path}.new`, this.path)
      // In one step: a read needs a file and an index that belong together.
      ;[this.#file, this.#index, this.#fileBytes, this.#liveBytes] = [file, index, offset, offset]
      await old.close()
      this.emit('compacted', oldBytes - offset, performance.now() - startMs)
    })
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return
    this.#isOpen = false
    await this.#next(() => this.#file.close())
  }

  #assertUsable(key: string): this {
    if (!this.#isOpen) throw new LogStoreError('LOG_STORE_CLOSED', 'the store is closed')
    if (key === '') throw new LogStoreError('LOG_STORE_INVALID_KEY', 'a key must not be empty')
    return this
  }

  #append(key: string, value?: string): Promise<void> {
    return this.#next(async () => {
      const record = Buffer.from(`${JSON.stringify([key, value].slice(0, value === undefined ? 1 : 2))}\n`)
      await this.#file.write(record)
      this.#updateIndex(key, value, record.length)
    })
  }

  #updateIndex(key: string, value: string | undefined, bytes: number): void {
    this.#liveBytes -= this.#index.get(key)?.bytes ?? 0
    if (value === undefined) this.#index.delete(key)
    else this.#index.set(key, { offset: this.#fileBytes, bytes })
    if (value !== undefined) this.#liveBytes += bytes
    this.#fileBytes += bytes
  }

  #next<Result>(step: () => Promise<Result>): Promise<Result> {
    const next = this.#last.then(step)
    this.#last = next.catch(() => {})
    return next
  }
}
