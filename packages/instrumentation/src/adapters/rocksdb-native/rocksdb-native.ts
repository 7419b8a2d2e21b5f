import { resolve } from 'node:path'
import { getSystemErrorMap } from 'node:util'
import { rocksdbMetricNames } from '../../engines/rocksdb/metrics.ts'
import { type RocksDBHandle, RocksDBReader } from '../../engines/rocksdb/reader.ts'
import type { Operation } from '../../metrics/semconv.ts'
import { type Method, type MethodPatch, memoizeWrapper } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { wrapLifecycle } from '../../operations/wrap-lifecycle.ts'
import { wrapAsyncForCaller } from '../../operations/wrap-method.ts'
import type { StoreState } from '../../registry/store-binding.ts'
import type { StoreAdapter } from '../adapter.ts'
import { Batches } from './batch.ts'
import { ColumnFamilies } from './column-families.ts'
import { type Database, isDatabase } from './database.ts'
import { Iterators } from './iterator.ts'
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
 *
 * It uses private members, which differ between versions: what a version does not have, or returns in another shape, is left alone
 * and reported once.
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
    const handle = createHandle(database, context)
    const reader = createReader(handle, context)
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
        reader?.onOpen()
        detectWritable()
      }),
    )
    patch.replace('_close', (original) => wrapLifecycle(context, 'close', original, () => reader?.collectSoon()))
    if (state.opened) detectWritable()
    return {
      state: () => readState(database, handle),
      directory: () => handle.directory,
      probe: () => createProbe(database, context, isWritable),
      collect: () => reader?.collect(),
      detach() {
        reader?.close()
        patch.undo()
        sessions.detach()
      },
    }
  },
}

/** A database whose folder may be unknown. */
type Handle = Omit<RocksDBHandle, 'directory'> & { readonly directory: string | undefined }

/** A suspended database counts as opening: its calls wait until it is resumed. */
function readState({ _state: { closing } }: Database, handle: Handle): StoreState {
  const status = handle.status()
  if (status !== 'unavailable') return status
  return isAbsent(closing) ? 'opening' : 'closed'
}

function createHandle(database: Database, context: StoreContext): Handle {
  const state = database._state
  const { path } = database
  const families = new ColumnFamilies(database, context)
  return {
    directory: typeof path === 'string' ? resolve(path) : undefined,
    status() {
      if (state.closed) return 'closed'
      if (!isAbsent(state.closing)) return 'unavailable'
      if (!state.opened) return 'opening'
      return isAbsent(state.resumed) ? 'open' : 'unavailable'
    },
    families: () => families.readers(),
  }
}

/** Versions differ in which one they use. */
function isAbsent(value: unknown): boolean {
  return value === null || value === undefined
}

/** Returns undefined if the folder of the database is unknown. */
function createReader({ directory, ...rest }: Handle, context: StoreContext): RocksDBReader | undefined {
  if (directory !== undefined) return new RocksDBReader({ directory, ...rest }, context)
  const { name, registry } = context
  registry.warnOnce(
    `folder of RocksDB ${name}`,
    `store ${name}: the metrics of the engine are absent: the path of its folder must be text, pass one to the constructor`,
  )
  return undefined
}

/** The sessions of one database that are measured, the database itself among them. */
class Sessions {
  readonly #database: Database
  readonly #context: StoreContext
  readonly #patches = new Map<unknown, MethodPatch>()
  /** Sessions share their methods, so each wrapper is made once. */
  readonly #wrappers: ReadonlyArray<readonly [method: string, wrap: (original: Method) => Method]>

  constructor(database: Database, context: StoreContext) {
    this.#database = database
    this.#context = context
    this.#wrappers = createWrappers(context)
    for (const session of database._state.sessions) if (session !== database) this.#measure(session)
    this.#patch(database)
  }

  wrapAdd(original: Method): Method {
    const measure = (session: unknown): void => this.#measure(session)
    return function (...args) {
      measure(args[0])
      return original.apply(this, args)
    }
  }

  wrapRemove(original: Method): Method {
    const remove = (session: unknown): void => {
      // Its methods stay wrapped: calls of a closed session are failed operations that its owner must see.
      if (session !== this.#database) this.#patches.delete(session)
    }
    return function (...args) {
      remove(args[0])
      return original.apply(this, args)
    }
  }

  detach(): void {
    for (const patch of this.#patches.values()) patch.undo()
  }

  /** Wraps the methods of a session. The state may be given anything instead of one. */
  #measure(session: unknown): void {
    try {
      if (typeof session === 'object' && session !== null) {
        this.#patch(session)
        return
      }
    } catch {
      // It is frozen, or a proxy that throws.
    }
    const { name, registry } = this.#context
    registry.warnOnce(
      `session of RocksDB ${name}`,
      `store ${name}: the operations of a session are not measured if its methods cannot be wrapped: it must be an extensible object`,
    )
  }

  #patch(session: object): void {
    if (this.#patches.has(session)) return
    const patch = this.#context.patch(session)
    try {
      for (const [method, wrap] of this.#wrappers) patch.replace(method, wrap)
    } catch (error) {
      patch.undo()
      throw error
    }
    this.#patches.set(session, patch)
  }
}

function createWrappers(context: StoreContext): Array<[method: string, wrap: (original: Method) => Method]> {
  const wrappers: Array<[method: string, wrap: (original: Method) => Method]> = Object.entries(methods).map(
    ([method, operation]) => [method, (original) => wrapAsyncForCaller(context, context.recorder(operation), original)],
  )
  const [reads, writes, iterators] = [new Batches(context, 'get_many'), new Batches(context, 'batch'), new Iterators(context)]
  wrappers.push(
    ['read', (original) => reads.wrap(original)],
    ['write', (original) => writes.wrap(original)],
    ['iterator', (original) => iterators.wrap(original)],
  )
  return wrappers.map(([method, wrap]) => [method, memoizeWrapper(wrap)])
}
