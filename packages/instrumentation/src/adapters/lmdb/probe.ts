import { setTimeout as sleep } from 'node:timers/promises'
import { toName } from '../../engines/lmdb.ts'
import { isEnvironmentOpen, type LmdbDatabase } from '../../engines/lmdb-environment.ts'
import { createRootReader, LmdbMainDatabase, type RootOptions } from '../../engines/lmdb-main-database.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import type { StoreProbe } from '../../registry/store-binding.ts'
import { waitForOwnCommit } from './promises.ts'

/** The parts of a root that the probe uses, and the options that lmdb keeps on it. */
interface Root extends LmdbDatabase, RootOptions {
  readonly encoding?: string
  readonly encoder?: Partial<Codec>
  readonly decoder?: Partial<Codec>
  readonly keyEncoding?: string
  readonly keyEncoder?: unknown
  readonly keyIsBuffer?: boolean
  readonly keyIsUint32?: boolean
  readonly dupSort?: boolean
  readonly committed: PromiseLike<unknown>
  /** `put` and `remove` are missing if the database is opened for reading. */
  put?(key: string | Buffer, value: string | Buffer): Promise<boolean>
  remove?(key: string | Buffer): Promise<boolean>
}

interface Codec {
  encode(value: unknown): unknown
  decode(bytes: unknown): unknown
}

/** How long a write waits for a transaction of the application, and how often it looks. */
const maxWaitMs = 60_000
const waitMs = 10

/**
 * Creates a probe that is not measured. A write resolves when it is committed. lmdb commits the writes of one turn of the event
 * loop together, so a commit event (`beforecommit`) does not reveal the probe.
 *
 * A named database is only looked up in the main one, which proves that it exists and that its environment can be read. A
 * write would need LMDB's number of it, which may be that of another database by the time that lmdb writes; and a commit with a
 * number that is not in use fails for all of its writes. The main database always has the same number.
 *
 * @param onDropped called if a named database does not exist any more.
 */
export function createProbe(database: LmdbDatabase, context: StoreContext, onDropped: () => void): StoreProbe {
  const name = toName(database)
  return name === null ? createRootProbe(database as Root, context) : createNamedProbe(database, name, onDropped)
}

function createNamedProbe(database: LmdbDatabase, name: string, onDropped: () => void): StoreProbe {
  const main = new LmdbMainDatabase(database)
  return {
    async read() {
      assertOpen(database)
      if (main.has(name) === true) return undefined
      onDropped()
      throw new Error('the database was dropped')
    },
  }
}

function createRootProbe(root: Root, context: StoreContext): StoreProbe {
  if (hasNonTextKeys(root)) {
    const main = new LmdbMainDatabase(root)
    return {
      async read() {
        assertOpen(root)
        main.read([])
        return undefined
      },
    }
  }
  const isBinary = root.keyIsBuffer === true || root.keyEncoding === 'binary'
  const encodeKey = (key: string): string | Buffer => (isBinary ? Buffer.from(key) : key)
  const readKey = createRootReader(root)
  const read = async (key: string): Promise<string | undefined> => {
    assertOpen(root)
    const value = context.withoutMeasuring(() => readKey(encodeKey(key)))
    return value === undefined ? undefined : toText(value)
  }
  // With `dupSort`, a write adds a second value to the key.
  if (root.dupSort === true || !acceptsText(root)) return { read }
  if (typeof root.put !== 'function' || typeof root.remove !== 'function') return { read }
  const encodeValue = (text: string): string | Buffer => (root.encoding === 'binary' ? Buffer.from(text) : text)
  const write = async (run: () => Promise<boolean> | undefined): Promise<void> => {
    // A write in a transaction of the application would be part of it: the application would see the key, and could abort it.
    for (let waitedMs = 0; root.env.writeTxn; waitedMs += waitMs) {
      if (waitedMs >= maxWaitMs) throw new Error(`a transaction has been open for ${maxWaitMs / 1000} seconds`)
      await sleep(waitMs, undefined, { ref: false })
    }
    assertOpen(root)
    await waitForOwnCommit(context.withoutMeasuring(run), root.committed)
  }
  return {
    read,
    write: (key, value) => write(() => root.put?.(encodeKey(key), encodeValue(value))),
    remove: (key) => write(() => root.remove?.(encodeKey(key))),
  }
}

/** Calling a database after its environment was closed would crash the process. */
function assertOpen(database: LmdbDatabase): void {
  if (database.status !== 'open' || !isEnvironmentOpen(database.env)) throw new Error('the database is closed')
}

/** Returns whether text cannot be a key. */
function hasNonTextKeys({ keyIsUint32, keyEncoding, keyEncoder }: Root): boolean {
  return keyIsUint32 === true || keyEncoding === 'uint32' || (typeof keyEncoder === 'object' && keyEncoder !== null)
}

/** Returns whether text can be a value: a user's own encoder may be for other values. */
function acceptsText({ encoding = 'msgpack', encoder, decoder }: Root): boolean {
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
