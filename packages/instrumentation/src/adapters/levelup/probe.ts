import { withoutMeasuring } from '../../operations/store-mark.ts'
import type { StoreProbe } from '../../registry/store-binding.ts'
import { callPrivate, createNotOpenError, textEncoding } from '../abstract-level/probe.ts'
import { type Codec, findWhole, isLevelDown, type LevelDown } from './layers.ts'

interface TextEncoding {
  readonly commonName: string
  encode(text: unknown): unknown
  decode(data: unknown): unknown
}

const utf8: TextEncoding = { commonName: 'utf8', encode: (text) => text, decode: String }

/** The encodings of level-codec that decode any bytes without an error. */
const total: ReadonlySet<string> = new Set('utf8 utf-8 binary none id hex ascii base64 ucs2 ucs-2 utf16le utf-16le'.split(' '))

/**
 * Creates a probe that calls the private methods of the store that does the work: the public ones of a LevelUP emit events.
 * Keys and values are encoded as the layer above encodes them, so that a user's scan can decode them.
 */
export function createProbe(store: LevelDown, codec: Codec | undefined): StoreProbe | undefined {
  const key = codec === undefined ? utf8 : keyEncoding(codec)
  const value = codec === undefined ? utf8 : valueEncoding(codec)
  const ownKey = textEncoding(key, utf8, total)
  const ownValue = textEncoding(value, utf8, total)
  const keys = ownKey ?? utf8
  const values = ownValue ?? utf8
  const asBuffer = values !== utf8 && codec?.valueAsBuffer({}) === true
  const call = async (method: '_get' | '_put' | '_del', text: string, ...args: unknown[]): Promise<unknown> => {
    const whole = findWhole(store)
    if (store.status !== 'open' || whole.status !== 'open') throw createNotOpenError()
    const mapped = serialize(store, '_serializeKey', keys.encode(text))
    const run = (): Promise<unknown> => callPrivate(store, method, [mapped, ...args, { asBuffer }], 'callback')
    return withoutMeasuring(store, () => withoutMeasuring(whole, run))
  }
  const read = async (text: string): Promise<string | undefined> => {
    const found = await call('_get', text)
    return found === undefined ? undefined : String(values.decode(found))
  }
  if (ownKey === undefined || ownValue === undefined) return { read }
  return {
    read,
    write: async (text, content) => void (await call('_put', text, serialize(store, '_serializeValue', values.encode(content)))),
    remove: async (text) => void (await call('_del', text)),
  }
}

function keyEncoding(codec: Codec): TextEncoding {
  return {
    commonName: String(codec.opts?.keyEncoding),
    encode: (text) => codec.encodeKey(text, {}),
    decode: (data) => codec.decodeKey(data, {}),
  }
}

function valueEncoding(codec: Codec): TextEncoding {
  return {
    commonName: String(codec.opts?.valueEncoding),
    encode: (text) => codec.encodeValue(text, {}),
    decode: (data) => codec.decodeValue(data, {}),
  }
}

/** Prepares a key or a value as the public methods do. */
function serialize(store: LevelDown, method: '_serializeKey' | '_serializeValue', data: unknown): unknown {
  const run: unknown = Reflect.get(store, method)
  return typeof run === 'function' && isLevelDown(store) ? Reflect.apply(run, store, [data]) : data
}
