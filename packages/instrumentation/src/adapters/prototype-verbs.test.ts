import { EventEmitter } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { isRocksdbInstalled, rocksdbTitle } from '@wombat/test-support/rocksdb'
import { ClassicLevel } from 'classic-level'
import { Keyv } from 'keyv'
import { open } from 'lmdb'
import { LRUCache } from 'lru-cache'
import { MemoryLevel } from 'memory-level'
import NodeCache from 'node-cache'
import QuickLRU from 'quick-lru'
import { createStorage } from 'unstorage'
import { afterAll, expect, test } from 'vitest'
import { instrument } from '../instrument.ts'
import { MetricsRegistry } from '../registry/registry.ts'

// A store gets new methods with a new version of its package, or of Node: an operation behind one of them would not be counted.
// So every method of every store is either replaced by a measured one, or stands here with the reason why it is not. The clients of
// Redis are missing: they have hundreds of methods, and are measured where each command passes, whatever its name.

const require = createRequire(import.meta.url)
const root = mkdtempSync(join(tmpdir(), 'verbs-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const folder = (): string => mkdtempSync(join(root, 'store-'))

interface Store {
  /** Creates a store, before it is instrumented. */
  readonly create: () => object | Promise<object>
  /** The methods that are not replaced, separated by spaces, by the reason. */
  readonly others: Readonly<Record<string, string>>
  /** Whether not every version of the platform has each of `others`. */
  readonly isPlatform?: boolean
}

const iteration = 'iteration is not measured: one step takes less than reading the clock'
const measuredBelow = 'calls a method that is replaced, and is measured there'
const maintenance = 'opens, closes, configures or describes the store'
const lifetime = 'reads or changes the lifetime of an entry only'
const inMaps = `entries forEach keys values ${String(Symbol.iterator)}`
const measuredPrivately = 'the private method of the engine behind it is measured'
const inAbstractLevel1 = 'get getMany put del batch clear iterator keys values'
const maintenanceOfAbstractLevel1 = 'open close sublevel prefixKey attachResource detachResource keyEncoding valueEncoding'
const abstractLevel = {
  [measuredPrivately]: `${inAbstractLevel1} getSync has hasMany`,
  [maintenance]: `${maintenanceOfAbstractLevel1} snapshot ${String(Symbol.asyncDispose)}`,
}
const lruCache = {
  [iteration]: `entries rentries keys rkeys values rvalues forEach rforEach ${String(Symbol.iterator)}`,
  [lifetime]: 'getRemainingTTL',
  'removes what has expired: evictions are counted': 'purgeStale',
}

const stores: Readonly<Record<string, Store>> = {
  Map: { create: () => new Map(), others: { [iteration]: inMaps } },
  'quick-lru': {
    create: () => new QuickLRU({ maxSize: 2 }),
    others: {
      [iteration]: 'entries forEach keys values',
      [lifetime]: 'expiresIn',
      [maintenance]: 'toString Symbol(nodejs.util.inspect.custom)',
    },
  },
  'lru-cache': { create: () => new LRUCache({ max: 2 }), others: lruCache },
  'lru-cache 10': { create: () => new (require('lru-cache10').LRUCache)({ max: 2 }), others: lruCache },
  'node-cache': {
    create: () => new NodeCache(),
    others: { [lifetime]: 'getTtl', [maintenance]: 'close getStats flushStats createErrorMessage' },
  },
  unstorage: {
    create: () => createStorage(),
    others: { [maintenance]: 'watch unwatch mount unmount getMount getMounts' },
  },
  hyperbee: {
    create: () => new (require('hyperbee'))(new (require('hypercore'))(require('random-access-memory'))),
    others: {
      [measuredBelow]: 'createReadStream peek snapshot getAndWatch',
      'reads the log, and not the entries': 'createHistoryStream createDiffStream getHeader',
      [maintenance]: 'ready close update replicate watch lock',
    },
  },
  'classic-level': {
    create: () => new ClassicLevel(folder()),
    others: { ...abstractLevel, 'asks the engine about a range or about itself': 'approximateSize compactRange getProperty' },
  },
  'memory-level': { create: () => new MemoryLevel(), others: abstractLevel },
  keyv: {
    create: () => new Keyv(),
    others: {
      [maintenance]:
        'resolveStore setStore setTtl initSerialization initSanitize initStats initNamespace cleanNamespace sanitizeStoreNamespace emitTelemetry',
      'encodes, decodes or asks the backend for a call that is measured':
        'encode decode decodeWithExpire storeGetMany skipEmptyKeys hookWithDeprecated',
      'hooks and events':
        'onHook addHook onHooks prependHook prependOnceHook onceHook removeHook removeHooks hook hookSync beforeHook afterHook callHook getHooks getHook removeHookById clearHooks removeEventHooks validateHookName checkDeprecatedHook once listenerCount eventNames rawListeners prependListener prependOnceListener maxListeners addListener on removeListener matchesListener off listeners removeAllListeners setMaxListeners getAllListeners sendToEventLogger',
    },
  },
  lmdb: {
    create: () => open({ path: folder() }),
    others: {
      [measuredBelow]:
        'getSync getSharedBinary getValues getKeys getCount getKeysCount getValuesCount del clear ifNoExists batch transaction',
      'internal: decodes, or reads for a method that is replaced':
        'readKey writeKey getString getBFAsync getSharedBufferForGet getUserSharedBuffer setupSharedStructures directWrite retain',
      'not documented': 'getAsync',
      [maintenance]:
        'open backup isOperational sync deleteDB readerCheck readerList getStats on attemptLock tryLock unlock hasLock resetReadTxn ensureReadTxn useReadTransaction getWriteTxnId transactionSyncStart',
    },
  },
  'better-sqlite3': {
    create: () => new (require('better-sqlite3'))(':memory:'),
    others: {
      [maintenance]:
        'backup serialize function aggregate table loadExtension defaultSafeIntegers unsafeMode Symbol(nodejs.util.inspect.custom)',
    },
  },
  'node:sqlite': {
    create: () => new DatabaseSync(':memory:'),
    others: {
      [maintenance]:
        'function location aggregate enableLoadExtension enableDefensive loadExtension serialize deserialize setAuthorizer Symbol(Symbol.dispose) Symbol(nodejs.dispose)',
      'runs no SQL of the application': 'createSession applyChangeset',
    },
    isPlatform: true,
  },
  'memory-level 1': {
    create: () => new (require('memory-level1').MemoryLevel)(),
    others: {
      [measuredPrivately]: inAbstractLevel1,
      [maintenance]: `${maintenanceOfAbstractLevel1} nextTick Symbol(closeResources) Symbol(undefer)`,
    },
  },
  'keyv 4': { create: () => new (require('keyv4'))(), others: {} },
  'keyv 5': {
    create: () => new (require('keyv5').Keyv)(),
    others: {
      'encodes, decodes or iterates for a method that is replaced': 'generateIterator serializeData deserializeData',
      'hooks and events': 'maxListeners addListener on removeListener off once listeners removeAllListeners setMaxListeners',
    },
  },
  memdown: {
    create: () => require('memdown')(),
    others: {
      [measuredPrivately]: 'get getMany put del batch clear iterator',
      [maintenance]: 'open close isOperational',
    },
  },
}

/** Returns the methods of an object and of its classes, except the internal ones: their names begin with an underscore. */
function readMethods(store: object): Map<string | symbol, unknown> {
  const methods = new Map<string | symbol, unknown>()
  for (let at: object | null = store; at !== null && !ends.has(at); at = Reflect.getPrototypeOf(at)) {
    for (const name of Reflect.ownKeys(at)) {
      const value: unknown = Object.getOwnPropertyDescriptor(at, name)?.value
      const isInternal = name === 'constructor' || String(name).startsWith('_')
      if (typeof value === 'function' && !isInternal && !methods.has(name)) methods.set(name, value)
    }
  }
  return methods
}

const ends: ReadonlySet<object> = new Set([Object.prototype, EventEmitter.prototype])

async function assertAllKnown({ create, others, isPlatform = false }: Store): Promise<void> {
  const store = await create()
  const before = readMethods(store)
  instrument(store, { name: 'store', registry: new MetricsRegistry() })
  const notReplaced = [...before].filter(([name, method]) => Reflect.get(store, name) === method).map(([name]) => String(name))
  const listed = Object.values(others).flatMap((names) => names.split(' '))
  const advice = 'a method is new: measure it in the adapter, or add it here with the reason why not'
  expect(
    notReplaced.filter((name) => !listed.includes(name)),
    advice,
  ).toEqual([])
  const all = [...before.keys()].map(String)
  if (!isPlatform) {
    expect(
      listed.filter((name) => !all.includes(name)),
      'a method is gone: remove it here',
    ).toEqual([])
  }
  expect(
    listed.filter((name) => all.includes(name) && !notReplaced.includes(name)),
    'a method is measured now: remove it here',
  ).toEqual([])
  const close = Reflect.get(store, 'close') as (() => unknown) | undefined
  // One that takes a callback is not open.
  if (close?.length === 0) await close.call(store)
}

test.each(Object.entries(stores))('each method of %s is measured, or is not for a reason', (_name, store) =>
  assertAllKnown(store),
)

test.runIf(isRocksdbInstalled)(rocksdbTitle('each method of rocksdb-native is measured, or is not for a reason'), async () => {
  const RocksDB: new (path: string) => object = createRequire(new URL('../../../../test/rocksdb/package.json', import.meta.url))(
    'rocksdb-native',
  )
  await assertAllKnown({
    create: () => new RocksDB(folder()),
    others: {
      [measuredBelow]: 'keys peek',
      'creates a session, which is measured when it joins the shared state': 'session columnFamily snapshot',
      [maintenance]: 'isRoot ready close suspend resume isIdle idle flush compact compactRange',
      'asks the engine about itself': 'approximateSize currentWalFile getStatsLevel setStatsLevel getProperty diagnostics',
    },
  })
})

test('a method that nobody knows fails the test, and so does one that is listed for no reason', async () => {
  class Newer extends Map<string, number> {
    getAndDelete(key: string): number | undefined {
      const value = this.get(key)
      this.delete(key)
      return value
    }
  }
  const create = (): object => new Newer()
  await expect(assertAllKnown({ create, others: { [iteration]: inMaps } })).rejects.toThrow('a method is new')
  await expect(assertAllKnown({ create, others: { [iteration]: inMaps, other: 'getAndDelete gone' } })).rejects.toThrow(
    'a method is gone',
  )
  await expect(assertAllKnown({ create, others: { [iteration]: inMaps, other: 'getAndDelete get' } })).rejects.toThrow(
    'a method is measured now',
  )
  await expect(assertAllKnown({ create, others: { [iteration]: inMaps, other: 'getAndDelete' } })).resolves.toBeUndefined()
})
