import { withoutMeasuring } from '../../operations/store-mark.ts'
import type { StoreProbe } from '../../registry/store-binding.ts'

interface Encoding {
  readonly commonName: string
  readonly format: string
  encode(data: unknown): unknown
  decode(data: unknown): unknown
}

/** The formats in which keys and values are passed to the private methods. */
interface Formats {
  readonly keyEncoding: string
  readonly valueEncoding: string
}

/** The parts of a database that the probe uses. */
interface ProbedDatabase {
  readonly status: string
  readonly parent: ProbedDatabase | null
  keyEncoding(name?: string): Encoding
  valueEncoding(name?: string): Encoding
  prefixKey(key: unknown, format: string, local: boolean): unknown
  _get(key: unknown, options: Formats): Promise<unknown>
  _put(key: unknown, value: unknown, options: Formats): Promise<void>
  _del(key: unknown, options: Formats): Promise<void>
}

const methods = ['keyEncoding', 'valueEncoding', 'prefixKey', '_get', '_put', '_del']

/** Built-in encodings that decode any bytes without an error, though not always to what was encoded. */
const totalEncodings: ReadonlySet<string> = new Set(['utf8', 'buffer', 'view', 'hex', 'base64'])

/**
 * Creates a probe that calls the private methods of the root database, with keys mapped as the public methods map them. The
 * public methods run hooks and emit events, and a sublevel's private methods call its parent's public ones. Private methods
 * require an open database: on a closed one, classic-level crashes the process.
 *
 * A user's scan may read the probe's key while it is there, so it is written in an encoding that the scan can decode.
 */
export function createProbe(store: object): StoreProbe | undefined {
  const database = store as ProbedDatabase
  const root = findRoot(database)
  if (!hasMethods(database) || !hasMethods(root)) return undefined
  const ownKey = textEncoding(database.keyEncoding(), database.keyEncoding('utf8'))
  const ownValue = textEncoding(database.valueEncoding(), database.valueEncoding('utf8'))
  const keyEncoding = ownKey ?? database.keyEncoding('utf8')
  const valueEncoding = ownValue ?? database.valueEncoding('utf8')
  const formats: Formats = Object.freeze({ keyEncoding: keyEncoding.format, valueEncoding: valueEncoding.format })
  const withKey = <Result>(key: string, run: (mapped: unknown) => Result): Result => {
    if (database.status !== 'open' || root.status !== 'open') throw createNotOpenError()
    const mapped = database.prefixKey(keyEncoding.encode(key), keyEncoding.format, database === root)
    return withoutMeasuring(root, () => run(mapped))
  }
  const read = async (key: string): Promise<string | undefined> => {
    const value = await withKey(key, (mapped) => root._get(mapped, formats))
    return value === undefined ? undefined : String(valueEncoding.decode(value))
  }
  if (ownKey === undefined || ownValue === undefined) return { read }
  return {
    read,
    write: async (key, value) => withKey(key, (mapped) => root._put(mapped, valueEncoding.encode(value), formats)),
    remove: async (key) => withKey(key, (mapped) => root._del(mapped, formats)),
  }
}

/** Returns the database that a sublevel belongs to; the database itself if it is not a sublevel. */
export function findRoot<Level extends { readonly parent?: Level | null }>(database: Level): Level {
  let root = database
  while (root.parent) root = root.parent
  return root
}

function hasMethods(database: object): boolean {
  return methods.every((name) => typeof Reflect.get(database, name) === 'function')
}

/** Returns an encoding for text that a reader with the encoding `own` can decode; undefined if there is none. */
function textEncoding(own: Encoding, utf8: Encoding): Encoding | undefined {
  const text = 'a text'
  try {
    if (own.decode(own.encode(text)) === text) return own
  } catch {
    // The encoding is not for text.
  }
  return totalEncodings.has(own.commonName) ? utf8 : undefined
}

function createNotOpenError(): Error {
  return Object.assign(new Error('Database is not open'), { code: 'LEVEL_DATABASE_NOT_OPEN' })
}
