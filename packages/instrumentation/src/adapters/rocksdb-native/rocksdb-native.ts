import { getSystemErrorMap } from 'node:util'
import { rocksdbMetricNames } from '../../engines/rocksdb/metrics.ts'
import { type RocksDBHandle, RocksDBReader } from '../../engines/rocksdb/reader.ts'
import type { Operation } from '../../metrics/semconv.ts'
import { type Method, MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { observeResult, wrapAsyncForCaller } from '../../operations/wrap-method.ts'
import type { StoreAdapter } from '../adapter.ts'
import { measureBatch } from './batch.ts'
import { type Database, handleOf, isDatabase, type State } from './database.ts'
import { measureIterator } from './iterator.ts'
import { rocksdbNativeProbe, seeWhetherWritable } from './probe.ts'

const verbs: Readonly<Record<string, Operation>> = { get: 'get', put: 'set', delete: 'delete', deleteRange: 'clear' }

/** rocksdb-native gives errors of the engine libuv's names for errors of the system; its own have no code. */
const errorCodes: ReadonlySet<string> = new Set([...getSystemErrorMap().values()].map(([name]) => name))

/**
 * Databases of rocksdb-native 3. Column families, sessions and snapshots are objects of the same class on the same state:
 * all of them are measured, under the one name of the database they came from.
 *
 * `write()` gathers writes and `read()` gathers gets: the engine gets them as one call, when they are flushed, which makes a
 * `write()` one batch and a `read()` one get of many keys. `keys()` and `peek()` are scans because they go through
 * `iterator()`. `flush()` and `compactRange()` are no operations on the store's content.
 */
export const rocksdbNative: StoreAdapter<Database> = {
  name: 'rocksdb-native',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'get_many'],
  engineMetrics: { rocksdb: rocksdbMetricNames },
  errorCodes,

  /** @throws TypeError for a session: it is measured with its database, and would be counted twice. */
  matches(store) {
    if (!isDatabase(store)) return false
    if (store.isRoot()) return true
    throw new TypeError(
      'cannot instrument a session of a RocksDB: instrument the database that it comes from, whose sessions, column families and snapshots are measured with it',
    )
  },

  engine: () => 'rocksdb',

  stateOf(database) {
    const status = handleOf(database).status()
    if (status !== 'silent') return status
    // Suspended, it is closed to nobody: whoever asks waits until it goes on.
    return database._state.closing === null ? 'opening' : 'closed'
  },

  directory: (database) => handleOf(database).directory,

  probe: rocksdbNativeProbe,

  attach(database, context) {
    const state = database._state
    const measure = sessionMeasurement(context)
    const measured = new Map<Database, MethodPatch>()
    for (const session of state.sessions) measured.set(session, measure(session))
    if (!measured.has(database)) measured.set(database, measure(database))

    const patch = new MethodPatch(state)
    patch.replace('addSession', (original) => {
      return function (this: unknown, ...args) {
        const [session] = args as unknown as [Database]
        measured.set(session, measure(session))
        return original.apply(this, args)
      }
    })
    patch.replace('removeSession', (original) => {
      return function (this: unknown, ...args) {
        const [session] = args as unknown as [Database]
        // Its methods stay measured: that they fail now is for its owner to see.
        if (session !== database) measured.delete(session)
        return original.apply(this, args)
      }
    })
    patch.replace('_open', (original) => statusChange(context, 'open', original))
    patch.replace('_close', (original) => statusChange(context, 'close', original))
    if (state.opened) seeWhetherWritable(database)
    context.isOpen = unlessClosed(handleOf(database))
    context.publishGauges()
    return () => {
      readers.get(database)?.close()
      readers.delete(database)
      patch.undo()
      for (const own of measured.values()) own.undo()
    }
  },

  stats(database, registry, name) {
    const reader = new RocksDBReader(handleOf(database), registry, name)
    readers.set(database, reader)
    return reader
  },
}

/** Made in a function of its own: the registry keeps it, and closures made together keep what any of them does. */
function unlessClosed(handle: RocksDBHandle): () => boolean {
  return () => handle.status() !== 'closed'
}

/** Who reads for a database that is measured, to be stopped with the measuring. */
const readers = new WeakMap<Database, RocksDBReader>()

/** What measures one session. The wrappers are made once: sessions come and go, and have their methods in common. */
function sessionMeasurement(context: StoreContext): (session: Database) => MethodPatch {
  const wrappers: Array<[method: string, make: (original: Method) => Method]> = Object.entries(verbs).map(([method, verb]) => [
    method,
    onceEach((original) => wrapAsyncForCaller(context, context.recorder(verb), original)),
  ])
  wrappers.push(
    ['read', onceEach((original) => measureBatch(context, 'get_many', original))],
    ['write', onceEach((original) => measureBatch(context, 'batch', original))],
    ['iterator', onceEach((original) => measureIterator(context, original))],
  )
  return (session) => {
    const patch = new MethodPatch(session)
    for (const [method, make] of wrappers) patch.replace(method, make)
    return patch
  }
}

function onceEach(make: (original: Method) => Method): (original: Method) => Method {
  const made = new WeakMap<Method, Method>()
  return (original) => {
    const known = made.get(original)
    if (known !== undefined) return known
    const wrapper = make(original)
    made.set(original, wrapper)
    return wrapper
  }
}

/** Opening and closing are not operations; their failures are counted, and the engine is looked at. */
function statusChange(context: StoreContext, verb: 'open' | 'close', original: Method): Method {
  const failed = (error: unknown) => context.recordLifecycleError(verb, error)
  return function (...args) {
    const { db } = this as State
    const succeeded = (): void => {
      if (verb === 'open') {
        readers.get(db)?.onOpen()
        seeWhetherWritable(db)
      } else {
        readers.get(db)?.sampleStalls()
      }
    }
    return observeResult(original.apply(this, args), { succeeded, failed })
  }
}
