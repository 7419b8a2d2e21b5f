import type { StoreProbe } from '../../registry/measured-stores.ts'
import { withoutMeasuring } from '../operations-of.ts'

interface Encoding {
  readonly commonName: string
  readonly format: string
  encode(data: unknown): unknown
  decode(data: unknown): unknown
}

interface Formats {
  readonly keyEncoding: string
  readonly valueEncoding: string
}

/** What a probe needs of a database, beside its shape. */
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

/** Built-in encodings that make something of any bytes whatever, though not always what was encoded. */
const takesAnyBytes: ReadonlySet<string> = new Set(['utf8', 'buffer', 'view', 'hex', 'base64'])

/**
 * Past the public methods, which run hooks and emit events, to the private ones of the database that a sublevel is in the end
 * part of, with keys as the public ones would give them. A sublevel's own private methods call the public ones of its parent.
 * They take for granted that the database is open; classic-level would end the process.
 *
 * A scan of the users' may come upon the key while it is there, so it is written in an encoding that they can decode.
 */
export function abstractLevelProbe(store: object): StoreProbe | undefined {
  const database = store as ProbedDatabase
  const root = rootOf(database)
  if (!hasMethods(database) || !hasMethods(root)) return undefined
  const ownKey = readable(database.keyEncoding(), database.keyEncoding('utf8'))
  const ownValue = readable(database.valueEncoding(), database.valueEncoding('utf8'))
  const keyEncoding = ownKey ?? database.keyEncoding('utf8')
  const valueEncoding = ownValue ?? database.valueEncoding('utf8')
  const formats: Formats = Object.freeze({ keyEncoding: keyEncoding.format, valueEncoding: valueEncoding.format })
  const at = <Result>(key: string, run: (mapped: unknown) => Result): Result => {
    if (database.status !== 'open' || root.status !== 'open') throw notOpen()
    const mapped = database.prefixKey(keyEncoding.encode(key), keyEncoding.format, database === root)
    return withoutMeasuring(root, () => run(mapped))
  }
  const read = async (key: string): Promise<string | undefined> => {
    const value = await at(key, (mapped) => root._get(mapped, formats))
    return value === undefined ? undefined : String(valueEncoding.decode(value))
  }
  if (ownKey === undefined || ownValue === undefined) return { read }
  return {
    read,
    write: async (key, value) => at(key, (mapped) => root._put(mapped, valueEncoding.encode(value), formats)),
    remove: async (key) => at(key, (mapped) => root._del(mapped, formats)),
  }
}

/** The database that a sublevel is in the end part of. */
export function rootOf<Level extends { readonly parent?: Level | null }>(database: Level): Level {
  let root = database
  while (root.parent) root = root.parent
  return root
}

function hasMethods(database: object): boolean {
  return methods.every((name) => typeof Reflect.get(database, name) === 'function')
}

/** How to write a text so that who reads with this encoding can decode it; undefined where nobody knows. */
function readable(own: Encoding, utf8: Encoding): Encoding | undefined {
  const text = 'a text'
  try {
    if (own.decode(own.encode(text)) === text) return own
  } catch {
    // It is for something else than text.
  }
  return takesAnyBytes.has(own.commonName) ? utf8 : undefined
}

function notOpen(): Error {
  return Object.assign(new Error('Database is not open'), { code: 'LEVEL_DATABASE_NOT_OPEN' })
}
