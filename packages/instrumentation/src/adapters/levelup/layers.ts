/** The parts of an abstract-leveldown store that are used; the package itself is not loaded. */
export interface LevelDown {
  readonly status: string
  readonly supports?: {
    readonly permanence?: boolean
    readonly additionalMethods?: Readonly<Record<string, boolean>>
  }
  /** In leveldown. */
  readonly location?: unknown
  getProperty?(name: string): string
}

/** The parts of an encoding-down layer that are used. */
export interface Codec {
  readonly opts: { readonly keyEncoding?: unknown; readonly valueEncoding?: unknown }
  encodeKey(key: unknown, options: object): unknown
  decodeKey(key: unknown, options: object): unknown
  encodeValue(value: unknown, options: object): unknown
  decodeValue(value: unknown, options: object): unknown
  valueAsBuffer(options: object): boolean
}

/** The parts of a LevelUP that are used. */
export interface LevelUP {
  once(event: 'open', listener: () => void): unknown
  removeListener(event: 'open', listener: () => void): unknown
}

const methods = '_open _close _get _put _del _batch _iterator _chainedBatch _serializeKey _checkKey'.split(' ')

/** Returns whether an object is a store of abstract-leveldown, of any copy and version that has these private methods. */
export function isLevelDown(object: unknown): object is LevelDown {
  if (typeof object !== 'object' || object === null) return false
  return methods.every((name) => isFunction(object, name)) && typeof Reflect.get(object, 'status') === 'string'
}

/** Returns whether an object is a LevelUP. */
export function isLevelUP(object: object): object is LevelUP {
  const type: unknown = Reflect.get(object, 'type')
  return type === 'levelup' && isFunction(object, 'once') && isFunction(object, 'removeListener')
}

/**
 * Returns the layers of a store from its outermost to its innermost one: a LevelUP, what defers or encodes for it, and the
 * store that does the work. Other stores that are built on a store, such as those of subleveldown, can be measured on their
 * own: they are innermost layers.
 */
export function listLayers(store: object): object[] {
  const layers = [store]
  for (let below = findBelow(store); below !== undefined && !layers.includes(below); below = findBelow(below)) layers.push(below)
  return layers
}

/** Returns the innermost layer: the store that does the work. */
export function findInnermost(store: object): object {
  return listLayers(store).at(-1) ?? store
}

/** The codecs of stores of which only the innermost layer is known later. */
const codecs = new WeakMap<object, Codec>()

/** Keeps the codec of the encoding layer for `findCodec` of the innermost layer, which does not know what is above it. */
export function rememberCodec(store: object): void {
  const codec = findCodec(store)
  if (codec !== undefined) codecs.set(findInnermost(store), codec)
}

/** Returns the codec of the encoding layer; undefined if there is none. */
export function findCodec(store: object): Codec | undefined {
  const encoding = listLayers(store).find((layer) => Reflect.get(layer, 'type') === 'encoding-down')
  const codec: unknown = encoding && Reflect.get(encoding, 'codec')
  if (typeof codec !== 'object' || codec === null) return codecs.get(findInnermost(store))
  const names = ['encodeKey', 'decodeKey', 'encodeValue', 'decodeValue', 'valueAsBuffer']
  return names.every((name) => isFunction(codec, name)) ? (codec as Codec) : undefined
}

/** Returns the store that a part of it works on, in subleveldown; the store itself if it is not a part. */
export function findWhole(store: LevelDown): LevelDown {
  const whole: unknown = Reflect.get(store, 'leveldown')
  return isLevelDown(whole) ? whole : store
}

function findBelow(layer: object): object | undefined {
  const type: unknown = Reflect.get(layer, 'type')
  const property = type === 'encoding-down' ? 'db' : type === 'levelup' || type === 'deferred-leveldown' ? '_db' : undefined
  const below: unknown = property === undefined ? undefined : Reflect.get(layer, property)
  return isLevelDown(below) ? below : undefined
}

function isFunction(object: object, name: string): boolean {
  return typeof Reflect.get(object, name) === 'function'
}
