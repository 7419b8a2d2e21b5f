import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Whether `test/rocksdb/install.sh` has installed rocksdb-native. */
export const isRocksdbInstalled = existsSync(
  fileURLToPath(new URL('../rocksdb/node_modules/rocksdb-native/package.json', import.meta.url)),
)

/** Returns the title of tests that need RocksDB. If they are left out, it contains the reason. */
export function rocksdbTitle(what: string): string {
  return isRocksdbInstalled
    ? what
    : `${what} (left out: rocksdb-native is not installed; install it with: bash test/rocksdb/install.sh)`
}

export type Bytes = string | Buffer

/** The part of rocksdb-native that the tests use; the package has no types. */
export interface Session {
  readonly opened: boolean
  readonly closed: boolean
  readonly path: string
  readonly stats: Readonly<Record<'gets' | 'puts' | 'deletes' | 'rangeDeletes' | 'readBatches' | 'writeBatches', number>>
  ready(): Promise<void>
  close(options?: { force?: boolean }): Promise<void>
  suspend(): Promise<void>
  resume(): Promise<void>
  get(key: Bytes): Promise<Buffer | null>
  put(key: Bytes, value: Bytes): Promise<void>
  delete(key: Bytes): Promise<void>
  deleteRange(start: Bytes, end: Bytes): Promise<void>
  read(options?: { autoDestroy?: boolean }): ReadBatch
  write(options?: { autoDestroy?: boolean }): WriteBatch
  iterator(range?: Range): EntryStream
  keys(range?: Range): AsyncGenerator<Buffer>
  peek(range?: Range): Promise<Entry | null>
  session(options?: { columnFamily?: string; snapshot?: boolean }): Session
  columnFamily(name: string): Session
  snapshot(): Session
  flush(): Promise<void>
  compactRange(): Promise<void>
  getProperty(name: string): Promise<string | undefined>
}

export interface Range {
  readonly gte?: Bytes
  readonly lt?: Bytes
  readonly reverse?: boolean
  readonly limit?: number
}

export interface Entry {
  readonly key: Buffer
  readonly value: Buffer
}

export interface EntryStream extends AsyncIterable<Entry> {
  destroy(): void
  on(event: 'data' | 'close' | 'error', listener: (value: never) => void): this
}

interface Batch {
  flush(): Promise<void>
  tryFlush(): void
  destroy(): void
}

export interface ReadBatch extends Batch {
  get(key: Bytes): Promise<Buffer | null>
}

export interface WriteBatch extends Batch {
  put(key: Bytes, value: Bytes): Promise<void>
  tryPut(key: Bytes, value: Bytes): void
  tryDelete(key: Bytes): void
}

export interface DatabaseOptions {
  readonly columnFamilies?: readonly string[]
  readonly readOnly?: boolean
  readonly enableStatistics?: boolean
  readonly statsLevel?: number
  readonly writeBufferSize?: number
  readonly enableBlobFiles?: boolean
  readonly minBlobSize?: number
  readonly blobFileSize?: number
}

type DatabaseClass = new (path: string, options?: DatabaseOptions) => Session

/** Loads the class RocksDB. @throws Error if rocksdb-native is not installed. */
export function loadRocksdb(): DatabaseClass {
  return createRequire(new URL('../rocksdb/', import.meta.url))('rocksdb-native') as DatabaseClass
}
