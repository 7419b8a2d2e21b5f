import { withoutMeasuring } from '../../operations/store-mark.ts'
import type { StoreProbe } from '../../registry/store-binding.ts'
import { type Dialect, isNotFound } from './dialect.ts'

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
 * Returns undefined for a database that has no such methods or encodings.
 */
export function createProbe(store: object, root: object, { returns }: Dialect): StoreProbe | undefined {
  const database = store as ProbedDatabase
  const encodings = findEncodings(database)
  if (encodings === undefined || !hasMethods(root)) return undefined
  const { keyEncoding, valueEncoding, canWrite } = encodings
  const formats: Formats = Object.freeze({ keyEncoding: keyEncoding.format, valueEncoding: valueEncoding.format })
  const call = async (method: '_get' | '_put' | '_del', key: string, ...args: unknown[]): Promise<unknown> => {
    if (database.status !== 'open' || Reflect.get(root, 'status') !== 'open') throw createNotOpenError()
    const mapped = database.prefixKey(keyEncoding.encode(key), keyEncoding.format, store === root)
    return withoutMeasuring(root, () => callPrivate(root, method, [mapped, ...args, formats], returns))
  }
  const read = async (key: string): Promise<string | undefined> => {
    const value = await call('_get', key)
    return value === undefined ? undefined : String(valueEncoding.decode(value))
  }
  if (!canWrite) return { read }
  return {
    read,
    write: async (key, value) => void (await call('_put', key, valueEncoding.encode(value))),
    remove: async (key) => void (await call('_del', key)),
  }
}

/** Calls a private method. Resolves to undefined if a key is not there. */
export function callPrivate(
  database: object,
  method: string,
  args: readonly unknown[],
  returns: Dialect['returns'],
): Promise<unknown> {
  const run = Reflect.get(database, method) as (...args: readonly unknown[]) => unknown
  const promise =
    returns === 'promise'
      ? Promise.resolve(run.apply(database, [...args]))
      : new Promise((resolve, reject) => {
          const callback = (error: unknown, result: unknown): void => {
            if (error) reject(error)
            else resolve(result)
          }
          run.apply(database, [...args, callback])
        })
  return promise.catch((error: unknown) => {
    if (method === '_get' && isNotFound(error)) return undefined
    throw error
  })
}

interface ProbeEncodings {
  readonly keyEncoding: Encoding
  readonly valueEncoding: Encoding
  /** Whether a scan can decode what is written. */
  readonly canWrite: boolean
}

/** Returns encodings for text; undefined if the database has none. */
function findEncodings(database: ProbedDatabase): ProbeEncodings | undefined {
  try {
    if (!hasMethods(database)) return undefined
    const [ownKey, utf8Key] = [database.keyEncoding(), database.keyEncoding('utf8')]
    const [ownValue, utf8Value] = [database.valueEncoding(), database.valueEncoding('utf8')]
    if (![ownKey, utf8Key, ownValue, utf8Value].every(isEncoding)) return undefined
    const key = textEncoding(ownKey, utf8Key)
    const value = textEncoding(ownValue, utf8Value)
    return {
      keyEncoding: key ?? utf8Key,
      valueEncoding: value ?? utf8Value,
      canWrite: key !== undefined && value !== undefined,
    }
  } catch {
    return undefined
  }
}

function isEncoding(encoding: unknown): boolean {
  if (typeof encoding !== 'object' || encoding === null) return false
  const { format, encode, decode } = encoding as Partial<Encoding>
  return typeof format === 'string' && typeof encode === 'function' && typeof decode === 'function'
}

function hasMethods(database: object): boolean {
  return methods.every((name) => typeof Reflect.get(database, name) === 'function')
}

/**
 * Returns an encoding for text that a reader with the encoding `own` can decode; undefined if there is none.
 *
 * @param total the encodings that decode any bytes without an error.
 */
export function textEncoding<One extends Pick<Encoding, 'commonName' | 'encode' | 'decode'>>(
  own: One,
  utf8: One,
  total: ReadonlySet<string> = totalEncodings,
): One | undefined {
  const text = 'a text'
  try {
    if (own.decode(own.encode(text)) === text) return own
  } catch {
    // The encoding is not for text.
  }
  return total.has(own.commonName) ? utf8 : undefined
}

export function createNotOpenError(): Error {
  return Object.assign(new Error('Database is not open'), { code: 'LEVEL_DATABASE_NOT_OPEN' })
}
