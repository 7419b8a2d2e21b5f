import { isOpen, type LmdbDatabase } from '../../engines/lmdb.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import type { StoreProbe } from '../../registry/store-binding.ts'

/** The parts of a database that the probe uses, and the options that lmdb keeps on it. */
interface ProbedDatabase extends LmdbDatabase {
  readonly encoding?: string
  readonly encoder?: Partial<Codec>
  readonly decoder?: Partial<Codec>
  readonly keyEncoding?: string
  readonly keyEncoder?: unknown
  readonly keyIsBuffer?: boolean
  readonly keyIsUint32?: boolean
  readonly dupSort?: boolean
  get(key: string | Buffer): unknown
  /** `put` and `remove` are missing if the database is opened for reading. */
  put?(key: string | Buffer, value: string | Buffer): Promise<boolean>
  remove?(key: string | Buffer): Promise<boolean>
  getKeys(range: { limit: number }): Iterable<unknown>
}

interface Codec {
  encode(value: unknown): unknown
  decode(bytes: unknown): unknown
}

/**
 * Creates a probe that calls the database's own methods without measuring them. A write resolves when it is committed. lmdb
 * commits the writes of one turn of the event loop together, so a commit event (`beforecommit`) does not reveal the probe.
 */
export function createProbe(store: LmdbDatabase, context: StoreContext): StoreProbe {
  const database = store as ProbedDatabase
  const run = <Result>(step: () => Result): Result => {
    // Calling a database after its environment was closed would crash the process.
    if (!isOpen(database)) throw new Error('the database is closed')
    return context.withoutMeasuring(step)
  }
  if (hasNonTextKeys(database)) return { read: async () => run(() => readFirstKey(database)) }
  const isBinary = database.keyIsBuffer === true || database.keyEncoding === 'binary'
  const encodeKey = (key: string): string | Buffer => (isBinary ? Buffer.from(key) : key)
  const read = async (key: string): Promise<string | undefined> => {
    const value = run(() => database.get(encodeKey(key)))
    return value === undefined ? undefined : toText(value)
  }
  // With `dupSort`, a write adds a second value to the key.
  if (database.dupSort === true || !acceptsText(database)) return { read }
  if (typeof database.put !== 'function' || typeof database.remove !== 'function') return { read }
  const encodeValue = (text: string): string | Buffer => (database.encoding === 'binary' ? Buffer.from(text) : text)
  return {
    read,
    async write(key, value) {
      await run(() => database.put?.(encodeKey(key), encodeValue(value)))
    },
    async remove(key) {
      await run(() => database.remove?.(encodeKey(key)))
    },
  }
}

/** Returns whether text cannot be a key. */
function hasNonTextKeys({ keyIsUint32, keyEncoding, keyEncoder }: ProbedDatabase): boolean {
  return keyIsUint32 === true || keyEncoding === 'uint32' || (typeof keyEncoder === 'object' && keyEncoder !== null)
}

/** Reads the first entry. Returns undefined: no text key can be there. */
function readFirstKey(database: ProbedDatabase): undefined {
  for (const _key of database.getKeys({ limit: 1 }));
}

/** Returns whether text can be a value: a user's own encoder may be for other values. */
function acceptsText({ encoding = 'msgpack', encoder, decoder }: ProbedDatabase): boolean {
  if (['binary', 'string', 'json', 'ordered-binary'].includes(encoding)) return true
  const text = 'a text'
  try {
    return decoder?.decode?.(encoder?.encode?.(text)) === text
  } catch {
    return false
  }
}

function toText(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value)
}
