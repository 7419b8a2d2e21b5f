import type { StoreContext } from '../../operations/store-context.ts'
import type { StoreProbe } from '../../registry/measured-stores.ts'
import type { Database } from './database.ts'

/** What a probe needs of a database, beside its shape. */
interface ProbedDatabase extends Database {
  readonly _keyEncoding: unknown
  readonly _valueEncoding: unknown
  ready(): Promise<void>
  currentWalFile?(): Promise<unknown>
  get(key: Buffer): Promise<Uint8Array | null>
  put(key: Buffer, value: Buffer): Promise<void>
  delete(key: Buffer): Promise<void>
}

const writable = new WeakSet<Database>()

/**
 * Sees whether an open database can be written: rocksdb-native keeps no `readOnly`, but such a database has no write-ahead log.
 * To be called when it opens; until there is an answer nothing is written.
 */
export async function seeWhetherWritable(store: Database): Promise<void> {
  const database = store as ProbedDatabase
  try {
    await database.ready()
    if (await database.currentWalFile?.()) writable.add(database)
  } catch {
    // No log, or closed again already.
  }
}

/** By the database's own methods, unmeasured, with keys and values as bytes, whatever encodings the database was given. */
export function rocksdbNativeProbe(store: Database, context: StoreContext): StoreProbe {
  const { _keyEncoding, _valueEncoding } = store as ProbedDatabase
  const database: ProbedDatabase = Object.create(store, { _keyEncoding: { value: null }, _valueEncoding: { value: null } })
  const read = async (key: string): Promise<string | undefined> => {
    const value = await context.withoutMeasuring(() => database.get(Buffer.from(key)))
    return value === null ? undefined : Buffer.from(value).toString()
  }
  // What a scan of the users' comes upon meanwhile it must be able to decode.
  if (!writable.has(store) || (_keyEncoding ?? _valueEncoding ?? null) !== null) return { read }
  return {
    read,
    write: async (key, value) => context.withoutMeasuring(() => database.put(Buffer.from(key), Buffer.from(value))),
    remove: async (key) => context.withoutMeasuring(() => database.delete(Buffer.from(key))),
  }
}
