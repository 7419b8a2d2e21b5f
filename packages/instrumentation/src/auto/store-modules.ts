import { abstractLevel } from '../adapters/abstract-level/abstract-level.ts'
import type { Method } from '../operations/method-patch.ts'
import { MethodPatch } from '../operations/method-patch.ts'
import { FirstCall, type StoreCallback } from './on-first-call.ts'

export type StoreModuleName = 'abstract-level' | 'keyv' | 'lmdb' | 'rocksdb-native'

/** A module that stores come from, and how to find them. */
export interface StoreModule {
  readonly name: StoreModuleName
  readonly supportedVersions: readonly string[]
  /** Where its stores can be found, in what the module exports: never empty in a version that is supported. */
  findTargets(exports: unknown): object[]
  /** Tells of every store that is found at a target. Returns the way back, which leaves no trace. */
  patch(target: object, tell: StoreCallback): () => void
  /** The store's name where nobody gives it one: what it is. */
  defaultName(store: object): string
}

const keyvMethods = 'get getMany getRaw getManyRaw set setMany setRaw setManyRaw delete deleteMany has hasMany clear iterator'

/** The modules whose stores are found. Others built upon them, as `level` and `classic-level` are, need no row. */
export const storeModules: readonly StoreModule[] = [
  {
    name: 'abstract-level',
    supportedVersions: ['>=2 <4'],
    ...stores('AbstractLevel', 'open', rootOfSublevel),
    defaultName: (store) => abstractLevel.engine(store),
  },
  {
    name: 'keyv',
    supportedVersions: ['>=6 <7'],
    ...stores('Keyv', keyvMethods),
    defaultName: () => 'keyv',
  },
  {
    name: 'lmdb',
    supportedVersions: ['>=3 <4'],
    // Each `open` makes a class of its own: there is no prototype that stores have in common.
    findTargets: (exports) => [exports, property(exports, 'default')].filter((target) => hasMethod(target, 'open')),
    patch(target, tell) {
      const patch = new MethodPatch(target)
      patch.replace('open', (original) => opening(original, tell))
      return () => patch.undo()
    },
    defaultName: () => 'lmdb',
  },
  {
    name: 'rocksdb-native',
    supportedVersions: ['>=3 <4'],
    ...stores('RocksDB', 'ready get put delete deleteRange read write iterator session', rootOfSession),
    defaultName: () => 'rocksdb',
  },
]

/** A class whose instances are stores, or belong to one. */
function stores(
  className: string,
  verbs: string,
  rootOf = (store: object): object => store,
): Pick<StoreModule, 'findTargets' | 'patch'> {
  const methods = verbs.split(' ')
  return {
    findTargets(exports) {
      const whole = property(exports, 'default')
      // `import`, `require`, `import` of what is made for `require`, and a class that is the module itself.
      const candidates: unknown[] = [property(exports, className), property(whole, className), whole, exports]
      const found = candidates.find((candidate) => methods.some((method) => hasMethod(property(candidate, 'prototype'), method)))
      return found === undefined ? [] : [property(found, 'prototype') as object]
    },
    patch(prototype, tell) {
      const uses = new FirstCall(prototype, methods, (used) => tell(rootOf(used)))
      uses.watch()
      return () => uses.unwatch()
    },
  }
}

/** Measured at its first use, or else when the code that opened it has run: by hand it can be measured before. */
function opening(original: Method, tell: StoreCallback): Method {
  return function (...args) {
    const store = original.apply(this, args)
    if (typeof store !== 'object' || store === null) return store
    const use = new FirstCall(store, methodsOf(store), tell)
    use.watch()
    queueMicrotask(() => use.visit(store))
    return store
  }
}

/** Of its classes: what is its own may be anything, an encoder of the application's for example. */
function methodsOf(object: object): string[] {
  const names = new Set<string>()
  for (let at = Object.getPrototypeOf(object); at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof value === 'function' && name !== 'constructor') names.add(name)
    }
  }
  return [...names]
}

function rootOfSublevel(store: object): object {
  const parent = property(store, 'parent')
  return typeof parent === 'object' && parent !== null ? rootOfSublevel(parent) : store
}

function rootOfSession(store: object): object {
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
