import { isOpen, type LmdbDatabase } from '../../engines/lmdb.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import type { StoreProbe } from '../../registry/measured-stores.ts'

/** What a probe needs of a database, and the options that lmdb keeps on it. */
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
  /** These two are left out where it is opened for reading. */
  put?(key: string | Buffer, value: string | Buffer): Promise<boolean>
  remove?(key: string | Buffer): Promise<boolean>
  getKeys(range: { limit: number }): Iterable<unknown>
}

interface Codec {
  encode(value: unknown): unknown
  decode(bytes: unknown): unknown
}

/**
 * By the methods of the database itself, unmeasured. A write is done when it is committed; lmdb commits the writes of one turn
 * of the event loop together, and its events of a commit (`beforecommit`) know no more of it than of any other.
 */
export function lmdbProbe(store: LmdbDatabase, context: StoreContext): StoreProbe {
  const database = store as ProbedDatabase
  const ask = <Result>(run: () => Result): Result => {
    // Once its environment is closed, asking a database would end the process.
    if (!isOpen(database)) throw new Error('the database is closed')
    return context.withoutMeasuring(run)
  }
  if (hasOtherKeys(database)) return { read: async () => ask(() => firstKey(database)) }
  const isBinary = database.keyIsBuffer === true || database.keyEncoding === 'binary'
  const encoded = (key: string): string | Buffer => (isBinary ? Buffer.from(key) : key)
  const read = async (key: string): Promise<string | undefined> => {
    const value = ask(() => database.get(encoded(key)))
    return value === undefined ? undefined : textOf(value)
  }
  // There, a second value would be put beside the first.
  if (database.dupSort === true || !takesText(database)) return { read }
  if (typeof database.put !== 'function' || typeof database.remove !== 'function') return { read }
  const storable = (text: string): string | Buffer => (database.encoding === 'binary' ? Buffer.from(text) : text)
  return {
    read,
    async write(key, value) {
      await ask(() => database.put?.(encoded(key), storable(value)))
    },
    async remove(key) {
      await ask(() => database.remove?.(encoded(key)))
    },
  }
}

/** Whether a text cannot be a key of it. */
function hasOtherKeys({ keyIsUint32, keyEncoding, keyEncoder }: ProbedDatabase): boolean {
  return keyIsUint32 === true || keyEncoding === 'uint32' || (typeof keyEncoder === 'object' && keyEncoder !== null)
}

/** Reads as far as the first entry. No text lies under keys of such a kind. */
function firstKey(database: ProbedDatabase): undefined {
  for (const _key of database.getKeys({ limit: 1 }));
}

/** An encoder of the users' own may be for something else than text. */
function takesText({ encoding = 'msgpack', encoder, decoder }: ProbedDatabase): boolean {
  if (['binary', 'string', 'json', 'ordered-binary'].includes(encoding)) return true
  const text = 'a text'
  try {
    return decoder?.decode?.(encoder?.encode?.(text)) === text
  } catch {
    return false
  }
}

function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString() : String(value)
}
