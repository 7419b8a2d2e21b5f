import type { StoreContext } from '../../operations/store-context.ts'
import type { StoreProbe } from '../../registry/store-binding.ts'
import type { Database } from './database.ts'

/** The parts of a database that the probe uses. */
interface ProbedDatabase extends Database {
  readonly _keyEncoding: unknown
  readonly _valueEncoding: unknown
  ready(): Promise<void>
  currentWalFile?(): Promise<unknown>
  peek(range: { gte: Buffer; lt: Buffer }): Promise<{ readonly value: Uint8Array } | null>
  put(key: Buffer, value: Buffer): Promise<void>
  delete(key: Buffer): Promise<void>
}

/**
 * Returns whether an open database has a write-ahead log, and so can be written: rocksdb-native does not expose whether it
 * was opened for reading only. Call it when the database opens. Never rejects.
 */
export async function hasWriteAheadLog(store: Database): Promise<boolean> {
  const database = store as ProbedDatabase
  try {
    await database.ready()
    return Boolean(await database.currentWalFile?.())
  } catch {
    // It has no log, or is closed again already.
    return false
  }
}

/** Creates a probe that calls the database's own methods without measuring them, with keys and values as bytes. */
export function createProbe(store: Database, context: StoreContext, isWritable: boolean): StoreProbe {
  const { _keyEncoding, _valueEncoding } = store as ProbedDatabase
  const database: ProbedDatabase = Object.create(store, { _keyEncoding: { value: null }, _valueEncoding: { value: null } })
  // Not `get`: the database counts it in `stats`, which belongs to its owner.
  const read = async (key: string): Promise<string | undefined> => {
    const entry = await context.withoutMeasuring(() => database.peek({ gte: Buffer.from(key), lt: Buffer.from(`${key}\0`) }))
    return entry === null ? undefined : Buffer.from(entry.value).toString()
  }
  // With encodings, a user's scan may be unable to decode the probe's entry.
  if (!isWritable || (_keyEncoding ?? _valueEncoding ?? null) !== null) return { read }
  return {
    read,
    write: async (key, value) => context.withoutMeasuring(() => database.put(Buffer.from(key), Buffer.from(value))),
    remove: async (key) => context.withoutMeasuring(() => database.delete(Buffer.from(key))),
  }
}
