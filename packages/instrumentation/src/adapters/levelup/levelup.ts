import { resolve } from 'node:path'
import { leveldbMetricNames } from '../../engines/leveldb/metrics.ts'
import { isLevelDB, LevelDBReader, type LevelDBStore } from '../../engines/leveldb/reader.ts'
import type { Method, MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { wrapCallback, wrapLifecycleCallback } from '../../operations/wrap-callback.ts'
import type { StoreState } from '../../registry/store-binding.ts'
import type { Dialect } from '../abstract-level/dialect.ts'
import { measureMethods } from '../abstract-level/level-methods.ts'
import { LevelLifecycle } from '../abstract-level/lifecycle.ts'
import type { StoreAdapter } from '../adapter.ts'
import { errorCodes, withErrorCode } from './errors.ts'
import { findCodec, findInnermost, findWhole, isLevelDown, isLevelUP, type LevelDown } from './layers.ts'
import { createProbe } from './probe.ts'

/** abstract-leveldown: the errors have no codes, and iterators are ended. */
const dialect: Dialect = {
  returns: 'callback',
  iterators: { reads: ['_next'], close: '_end', returns: 'callback' },
  wrap: (context, recorder, original, options) =>
    wrapCallback(context, recorder, original, { ...options, toCodedError: withErrorCode }),
  wrapLifecycle: (context, verb, original, onSuccess) =>
    wrapLifecycleCallback(context, verb, original, onSuccess, { toCodedError: withErrorCode }),
}

/**
 * Stores of levelup, and of abstract-leveldown without it: leveldown, memdown, and `level` up to version 7. It wraps the private
 * methods of the innermost store, where each call of a user arrives once: after the store has opened, encoded, and also from the
 * parts of subleveldown. Errors of the layers above, such as a value that cannot be decoded, are not counted.
 */
export const levelup: StoreAdapter<object> = {
  name: 'levelup',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'get_many'],
  // abstract-leveldown 6 has no `getMany`, and its older versions no `clear`.
  optionalOperations: ['clear', 'get_many'],
  engineMetrics: { leveldb: leveldbMetricNames, memory: [], levelup: [] },
  packages: {
    levelup: '4, 5',
    'abstract-leveldown': '6, 7',
    leveldown: '5, 6',
    level: '6',
    memdown: '6',
    'encoding-down': '6, 7',
    subleveldown: '6',
  },
  supportsSublevels: true,
  errorCodes,

  matches(store): store is object {
    return isLevelDown(findInnermost(store))
  },

  findTarget: findInnermost,

  engine: (store) => detectEngine(findInnermost(store) as LevelDown),

  instrument(store, context) {
    const innermost = findInnermost(store) as LevelDown
    const codec = findCodec(store)
    const clear = patchClear(innermost, context)
    const patch = measureMethods(innermost, context, dialect)
    const lifecycle = new LevelLifecycle(innermost, context, createReader(innermost, context))
    // Closing a store does not end its iterators.
    lifecycle.patch(patch, dialect, () => context.openScans?.endAll())
    const stopListening = listenForOpen(store, innermost, lifecycle)
    return {
      state: () => readState(innermost),
      directory: () => readDirectory(innermost),
      probe: () => createProbe(innermost, codec),
      collect: () => lifecycle.collect(),
      detach() {
        stopListening()
        patch.undo()
        clear.undo()
        lifecycle.close()
      },
    }
  },
}

/** A LevelUP opens its store in its constructor, before it can be instrumented. Returns a function that stops listening. */
function listenForOpen(store: object, { status }: LevelDown, lifecycle: LevelLifecycle): () => void {
  if (!isLevelUP(store) || status !== 'opening') return () => {}
  const onOpen = (): void => lifecycle.onOpen()
  store.once('open', onOpen)
  return () => store.removeListener('open', onOpen)
}

/**
 * Makes the default `_clear` of abstract-leveldown, which iterates and deletes key by key, call the methods that are not
 * measured: these calls are parts of the clear. Call it before the methods are wrapped.
 */
function patchClear(store: LevelDown, context: StoreContext): MethodPatch {
  const patch = context.patch(store)
  if (!hasDefaultClear(store)) return patch
  const unmeasured = (name: string): PropertyDescriptor => {
    const method = Reflect.get(store, name) as Method
    return { value: (...args: never[]) => method.apply(store, args) }
  }
  const view: object = Object.create(store, { _iterator: unmeasured('_iterator'), _del: unmeasured('_del') })
  patch.replace('_clear', (original) => {
    return function (...args) {
      return original.apply(this === store ? view : this, args)
    }
  })
  return patch
}

/** Returns whether the store has the `_clear` of the class that has all other defaults. */
function hasDefaultClear(store: object): boolean {
  const clear: unknown = Reflect.get(store, '_clear')
  for (let at: object | null = store; at !== null; at = Reflect.getPrototypeOf(at)) {
    if (Object.hasOwn(at, '_setupIteratorOptions')) return Object.hasOwn(at, '_clear') && Reflect.get(at, '_clear') === clear
  }
  return false
}

function detectEngine(store: LevelDown): string {
  const whole = findWhole(store)
  if (whole.supports?.permanence === false) return 'memory'
  return hasLevelDBFiles(whole) ? 'leveldb' : 'levelup'
}

function hasLevelDBFiles(store: LevelDown): store is LevelDown & LevelDBStore {
  return typeof store.location === 'string' && isLevelDB(store)
}

function readState({ status }: LevelDown): StoreState {
  return status === 'open' || status === 'opening' ? status : 'closed'
}

function readDirectory(store: LevelDown): string | undefined {
  const { location } = findWhole(store)
  return detectEngine(store) === 'leveldb' && typeof location === 'string' ? resolve(location) : undefined
}

/** Returns undefined for a part of a store: the store records the engine's metrics. */
function createReader(store: LevelDown, context: StoreContext): LevelDBReader | undefined {
  return findWhole(store) === store && hasLevelDBFiles(store) ? new LevelDBReader(store, context) : undefined
}
