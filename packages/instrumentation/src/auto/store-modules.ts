import { abstractLevel } from '../adapters/abstract-level/abstract-level.ts'
import { findInnermost, findWhole, isLevelDown, rememberCodec } from '../adapters/levelup/layers.ts'
import { levelup } from '../adapters/levelup/levelup.ts'
import { unstorage } from '../adapters/unstorage.ts'
import { type Method, MethodPatch } from '../operations/method-patch.ts'
import { onFirstCall, type StoreCallback } from './on-first-call.ts'

/** The name of a module that `WombatInstrumentation` finds stores of. */
export type StoreModuleName =
  | 'abstract-level'
  | 'abstract-leveldown'
  | 'better-sqlite3'
  | 'hyperbee'
  | 'ioredis'
  | 'iovalkey'
  | 'keyv'
  | 'lmdb'
  | 'node-cache'
  | 'node:sqlite'
  | '@redis/client'
  | 'rocksdb-native'
  | 'unstorage'

/** A module that creates stores, and how to find them. */
export interface StoreModule {
  readonly name: StoreModuleName
  /** The major versions whose stores can be measured, in ascending order; undefined for a module of Node. */
  readonly majors?: readonly number[]
  /** The exported function that creates the stores; undefined if they are found by their class. */
  readonly factory?: string
  /** Returns the objects in the module's exports to patch: at least one in a supported version. */
  findTargets(exports: unknown): object[]
  /** Patches a target to call `onStore` with each store. Returns a function that restores the target. */
  patch(target: object, onStore: StoreCallback): () => void
  /** Returns the name of a store without a name from the application: its kind. */
  defaultName(store: object): string
}

const keyvMethods = 'get getMany getRaw getManyRaw set setMany setRaw setManyRaw delete deleteMany has hasMany clear iterator'

/**
 * The modules with stores that can be found. Modules that build on them, such as `level` and `classic-level`, need no
 * entry. lru-cache and Map have none on purpose: libraries create hundreds of private ones in a process.
 */
export const storeModules: readonly StoreModule[] = [
  {
    name: 'abstract-level',
    majors: [1, 2, 3],
    ...storeClass('AbstractLevel', 'open', findSublevelRoot),
    defaultName: (store) => (abstractLevel.matches(store) ? abstractLevel.engine(store) : abstractLevel.name),
  },
  {
    name: 'better-sqlite3',
    majors: [11, 12, 13],
    ...storeClass('Database', 'prepare exec pragma explain transaction'),
    defaultName: () => 'sqlite',
  },
  {
    // Every store of levelup is one of these, below the layers that levelup puts over it.
    name: 'abstract-leveldown',
    majors: [6, 7],
    ...storeClass('AbstractLevelDOWN', 'open', findWholeStore),
    defaultName: (store) => (levelup.matches(store) ? levelup.engine(store) : levelup.name),
  },
  {
    name: 'keyv',
    majors: [4, 5, 6],
    ...storeClass('Keyv', keyvMethods),
    defaultName: () => 'keyv',
  },
  {
    name: 'lmdb',
    majors: [2, 3],
    // Each call of `open` creates a class of its own: there is no prototype that all stores share.
    ...storeFactory('open', inheritedMethods),
    defaultName: () => 'lmdb',
  },
  {
    // A module of Node. Hooking it does not load it: on Node 22 loading it prints a warning.
    name: 'node:sqlite',
    ...storeClass('DatabaseSync', 'prepare exec open createTagStore'),
    defaultName: () => 'sqlite',
  },
  {
    name: 'rocksdb-native',
    majors: [3],
    ...storeClass('RocksDB', 'ready get put delete deleteRange read write iterator session', findSessionRoot),
    defaultName: () => 'rocksdb',
  },
  // A cluster consists of clients of the same class; these are found.
  {
    name: 'ioredis',
    majors: [4, 5, 6],
    ...storeClass('Redis', 'connect sendCommand pipeline multi'),
    defaultName: () => 'redis',
  },
  {
    name: 'iovalkey',
    majors: [0],
    ...storeClass('Redis', 'connect sendCommand pipeline multi'),
    defaultName: () => 'valkey',
  },
  {
    name: '@redis/client',
    majors: [6],
    ...storeClass('RedisClient', 'connect sendCommand _executeCommand _executeMulti _executePipeline'),
    defaultName: () => 'redis',
  },
  {
    name: 'node-cache',
    majors: [5],
    // The last method that its constructor calls, which binds all methods to the new cache before.
    ...storeClass('NodeCache', '_checkData'),
    defaultName: () => 'node-cache',
  },
  {
    name: 'unstorage',
    majors: [1],
    ...storeFactory('createStorage', ownMethods),
    defaultName: (store) => (unstorage.matches(store) ? unstorage.engine(store) : unstorage.name),
  },
  {
    name: 'hyperbee',
    majors: [2],
    ...storeClass('Hyperbee', 'get getBySeq put del batch createRangeIterator checkout sub', undefined, isDatabase),
    defaultName: () => 'hyperbee',
  },
]

/**
 * Finds the stores of a class. An instance may be a part of a store; then `findRoot` returns the store, or `isStore` false if the
 * store cannot be found through it.
 */
function storeClass(
  className: string,
  methodNames: string,
  findRoot = (store: object): object => store,
  isStore = (_instance: object): boolean => true,
): Pick<StoreModule, 'findTargets' | 'patch'> {
  const methods = methodNames.split(' ')
  return {
    findTargets(exports) {
      const defaultExport = property(exports, 'default')
      // In this order: `import` or `require`, `import` of a CommonJS module, and a class that is the module itself.
      const candidates: unknown[] = [property(exports, className), property(defaultExport, className), defaultExport, exports]
      const storeClassExport = candidates.find((candidate) =>
        methods.some((method) => hasMethod(property(candidate, 'prototype'), method)),
      )
      return storeClassExport === undefined ? [] : [property(storeClassExport, 'prototype') as object]
    },
    patch(prototype, onStore) {
      const hook = onFirstCall(prototype, methods, (object) => (isStore(object) ? onStore(findRoot(object)) : undefined))
      return () => hook.remove()
    },
  }
}

/** Finds the stores that an exported function returns. */
function storeFactory(
  name: string,
  listMethods: (store: object) => string[],
): Pick<StoreModule, 'factory' | 'findTargets' | 'patch'> {
  return {
    factory: name,
    findTargets: (exports) => [exports, property(exports, 'default')].filter((target) => hasMethod(target, name)),
    patch(target, onStore) {
      const patch = new MethodPatch(target)
      patch.replace(name, (original) => wrapFactory(original, listMethods, onStore))
      return () => patch.undo()
    },
  }
}

/**
 * Finds the store that a function returns: at the store's first call, or when the code that called the function has run and
 * could instrument the store.
 */
function wrapFactory(original: Method, listMethods: (store: object) => string[], onStore: StoreCallback): Method {
  return function (...args) {
    const store = original.apply(this, args)
    if (typeof store !== 'object' || store === null) return store
    const hook = onFirstCall(store, listMethods(store), onStore)
    queueMicrotask(() => hook.visit(store))
    return store
  }
}

/** Returns the names of the functions that are the object's own. */
function ownMethods(object: object): string[] {
  return Object.entries(object).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))
}

/**
 * Returns the method names of an object's classes. Own functions are left out: they may be, for example, an encoder of
 * the application.
 */
function inheritedMethods(object: object): string[] {
  const names = new Set<string>()
  for (let at = Object.getPrototypeOf(object); at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor') names.add(name)
    }
  }
  return [...names]
}

function findSublevelRoot(store: object): object {
  const parent = property(store, 'parent')
  if (typeof parent === 'object' && parent !== null) return findSublevelRoot(parent)
  // In version 1, a sublevel has the database that it belongs to.
  const db = property(store, 'db')
  const isOldSublevel = parent === undefined && typeof property(store, 'prefix') === 'string'
  return isOldSublevel && typeof db === 'object' && db !== null && abstractLevel.matches(db) ? db : store
}

/** Returns the store that does the work, also for a part of subleveldown. */
function findWholeStore(store: object): object {
  const innermost = findInnermost(store)
  rememberCodec(store)
  return isLevelDown(innermost) ? findWhole(innermost) : innermost
}

/** Snapshots and sub-databases are measured with their database, which they do not know. */
function isDatabase(bee: object): boolean {
  return property(bee, '_view') !== true
}

function findSessionRoot(store: object): object {
  const root = property(property(store, '_state'), 'db')
  return typeof root === 'object' && root !== null ? root : store
}

function hasMethod(target: unknown, name: string): target is object {
  return typeof property(target, name) === 'function'
}

function property(target: unknown, name: string): unknown {
  const isObject = (typeof target === 'object' && target !== null) || typeof target === 'function'
  return isObject ? Reflect.get(target, name) : undefined
}
