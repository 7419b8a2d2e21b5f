import { resolve } from 'node:path'
import { getSystemErrorMap } from 'node:util'
import { rocksdbMetricNames } from '../../engines/rocksdb/metrics.ts'
import type { ReadProperty } from '../../engines/rocksdb/properties.ts'
import { type RocksDBHandle, RocksDBReader } from '../../engines/rocksdb/reader.ts'
import type { Operation } from '../../metrics/semconv.ts'
import { type Method, type MethodPatch, memoizeWrapper } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { wrapLifecycle } from '../../operations/wrap-lifecycle.ts'
import { wrapAsyncForCaller } from '../../operations/wrap-method.ts'
import type { StoreState } from '../../registry/store-binding.ts'
import type { StoreAdapter } from '../adapter.ts'
import { measureBatch } from './batch.ts'
import { type Database, isDatabase } from './database.ts'
import { measureIterator } from './iterator.ts'
import { createProbe, hasWriteAheadLog } from './probe.ts'

const methods: Readonly<Record<string, Operation>> = { get: 'get', put: 'set', delete: 'delete', deleteRange: 'clear' }

/** rocksdb-native gives errors of the system their libuv names; errors of the engine have no code. */
const errorCodes: ReadonlySet<string> = new Set([...getSystemErrorMap().values()].map(([name]) => name))

/**
 * Databases of rocksdb-native 3. Column families, sessions and snapshots are objects of the same class with a shared state;
 * all of them are measured under the name of their database.
 *
 * `write()` collects writes and `read()` collects gets, and a flush passes them to the engine in one call. So a flushed
 * `write()` counts as one batch, and a flushed `read()` as one get of many keys. `keys()` and `peek()` are scans because they
 * call `iterator()`. `flush()` and `compactRange()` do not read or change entries and are not measured.
 */
export const rocksdbNative: StoreAdapter<Database> = {
  name: 'rocksdb-native',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'get_many'],
  engineMetrics: { rocksdb: rocksdbMetricNames },
  packages: { 'rocksdb-native': '3' },
  errorCodes,

  /** @throws TypeError for a session: it is measured with its database, and would be counted twice. */
  matches(store): store is Database {
    if (!isDatabase(store)) return false
    if (store.isRoot()) return true
    throw new TypeError(
      'cannot instrument a session of a RocksDB: instrument the database it comes from; all sessions, column families and snapshots are measured with it',
    )
  },

  engine: () => 'rocksdb',

  instrument(database, context) {
    const state = database._state
    const handle = createHandle(database)
    const reader = new RocksDBReader(handle, context)
    const sessions = new Sessions(database, context)
    // Until this is known, the probe does not write.
    let isWritable = false
    const detectWritable = (): void => {
      hasWriteAheadLog(database).then((hasLog) => {
        isWritable = hasLog
      })
    }
    const patch = context.patch(state)
    patch.replace('addSession', (original) => sessions.wrapAdd(original))
    patch.replace('removeSession', (original) => sessions.wrapRemove(original))
    patch.replace('_open', (original) =>
      wrapLifecycle(context, 'open', original, () => {
        reader.onOpen()
        detectWritable()
      }),
    )
    patch.replace('_close', (original) => wrapLifecycle(context, 'close', original, () => reader.collectSoon()))
    if (state.opened) detectWritable()
    return {
      state: () => readState(database, handle),
      directory: () => handle.directory,
      probe: () => createProbe(database, context, isWritable),
      collect: () => reader.collect(),
      detach() {
        reader.close()
        patch.undo()
        sessions.detach()
      },
    }
  },
}

/** A suspended database counts as opening: its calls wait until it is resumed. */
function readState({ _state: { closing } }: Database, handle: RocksDBHandle): StoreState {
  const status = handle.status()
  if (status !== 'unavailable') return status
  return closing === null ? 'opening' : 'closed'
}

function createHandle(database: Database): RocksDBHandle {
  const state = database._state
  return {
    directory: resolve(database.path),
    status() {
      if (state.closed) return 'closed'
      if (state.closing !== null) return 'unavailable'
      if (!state.opened) return 'opening'
      return state.resumed === null ? 'open' : 'unavailable'
    },
    families: () => state.columnFamilies.map((family) => readFamily(database, family)),
  }
}

/** Reads properties as a session of the column family would. A real session would be visible to the database's owner. */
function readFamily(database: Database, family: object): ReadProperty {
  const view = Object.create(database, { _columnFamily: { value: family } }) as Database
  return (property) => view.getProperty(`rocksdb.${property}`)
}

/** The sessions of one database that are measured, the database itself among them. */
class Sessions {
  readonly #database: Database
  readonly #context: StoreContext
  readonly #patches = new Map<Database, MethodPatch>()
  /** Sessions share their methods, so each wrapper is made once. */
  readonly #wrappers: ReadonlyArray<readonly [method: string, wrap: (original: Method) => Method]>

  constructor(database: Database, context: StoreContext) {
    this.#database = database
    this.#context = context
    this.#wrappers = createWrappers(context)
    for (const session of new Set([...database._state.sessions, database])) this.#measure(session)
  }

  wrapAdd(original: Method): Method {
    const measure = (session: Database): void => this.#measure(session)
    return function (...args) {
      const [session] = args as unknown as [Database]
      measure(session)
      return original.apply(this, args)
    }
  }

  wrapRemove(original: Method): Method {
    const remove = (session: Database): void => {
      // Its methods stay wrapped: calls of a closed session are failed operations that its owner must see.
      if (session !== this.#database) this.#patches.delete(session)
    }
    return function (...args) {
      const [session] = args as unknown as [Database]
      remove(session)
      return original.apply(this, args)
    }
  }

  detach(): void {
    for (const patch of this.#patches.values()) patch.undo()
  }

  #measure(session: Database): void {
    const patch = this.#context.patch(session)
    for (const [method, wrap] of this.#wrappers) patch.replace(method, wrap)
    this.#patches.set(session, patch)
  }
}

function createWrappers(context: StoreContext): Array<[method: string, wrap: (original: Method) => Method]> {
  const wrappers: Array<[method: string, wrap: (original: Method) => Method]> = Object.entries(methods).map(
    ([method, operation]) => [method, (original) => wrapAsyncForCaller(context, context.recorder(operation), original)],
  )
  wrappers.push(
    ['read', (original) => measureBatch(context, 'get_many', original)],
    ['write', (original) => measureBatch(context, 'batch', original)],
    ['iterator', (original) => measureIterator(context, original)],
  )
  return wrappers.map(([method, wrap]) => [method, memoizeWrapper(wrap)])
}
