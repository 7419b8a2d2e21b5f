import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isOpen, type LmdbDatabase, LmdbReader } from '../../engines/lmdb.ts'
import type { Method, MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import type { StoreAdapter } from '../adapter.ts'
import { lmdbErrorCodes } from './errors.ts'
import { createProbe } from './probe.ts'
import { observeLmdbPromise } from './promises.ts'
import { measureRange } from './range.ts'
import { GetMany, measureRead } from './reads.ts'
import { type SingleWrite, Writes } from './writes.ts'

const reads = { get: 'get', getEntry: 'get', getBinary: 'get', getBinaryFast: 'get', doesExist: 'has' } as const

const singleWrites: Readonly<Record<string, SingleWrite>> = {
  put: { operation: 'set', argumentsBeforeCallback: 2 },
  putSync: { operation: 'set', commits: true },
  remove: { operation: 'delete', argumentsBeforeCallback: 1 },
  removeSync: { operation: 'delete', commits: true },
  clearAsync: { operation: 'clear', argumentsBeforeCallback: 0 },
  clearSync: { operation: 'clear' },
  drop: { operation: 'clear', argumentsBeforeCallback: 0 },
  dropSync: { operation: 'clear' },
}

/** The environment that measures a database which was opened with `openDB`. */
const measuringEnvironments = new WeakMap<LmdbDatabase, Environment>()

/**
 * Databases of lmdb 3, in both of its builds. A database that is opened from a measured one (`openDB`) is measured with it,
 * under its name: they share one file, one writer and one commit. To give it a name of its own, instrument it too.
 *
 * A transaction or a batch counts as one batch; `Writes` defines its entries. `getAsync` is experimental and not measured.
 */
export const lmdb: StoreAdapter<LmdbDatabase> = {
  name: 'lmdb',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'],
  // A database opened for reading has no methods that write.
  optionalOperations: ['set', 'delete', 'batch'],
  engineMetrics: { lmdb: [...LmdbReader.metricNames, 'db_transaction_commits_total', 'db_transaction_aborts_total'] },
  packages: { lmdb: '3' },
  errorCodes: lmdbErrorCodes,

  matches(store): store is LmdbDatabase {
    const database = store as Partial<Record<string, unknown>>
    // Only methods that read: a database opened for reading has no others.
    const methods = ['get', 'getEntry', 'getRange', 'getKeys', 'doesExist', 'openDB', 'getStats', 'readerList']
    return methods.every((name) => typeof database[name] === 'function') && typeof database['env'] === 'object'
  },

  engine: () => 'lmdb',

  instrument(store, context) {
    measuringEnvironments.get(store)?.stopMeasuring(store)
    const environment = new Environment(store, context)
    const reader = new LmdbReader(store, environment.databases, context)
    return {
      state: () => (isOpen(store) ? 'open' : 'closed'),
      directory: () => readDirectory(store),
      probe: () => createProbe(store, context),
      collect: () => reader.collect(),
      detach: () => environment.detach(),
    }
  },
}

function readDirectory({ env }: LmdbDatabase): string | undefined {
  const path = resolve(env.path)
  const status = statSync(path, { throwIfNoEntry: false })
  return status && (status.isDirectory() ? path : dirname(path))
}

/** The databases that are measured together under one name: the instrumented one, and those opened from it. */
class Environment {
  readonly databases = new Set<LmdbDatabase>()
  readonly #root: LmdbDatabase
  readonly #context: StoreContext
  readonly #writes: Writes
  readonly #patches = new Map<LmdbDatabase, MethodPatch>()
  #isDetached = false

  constructor(root: LmdbDatabase, context: StoreContext) {
    this.#root = root
    this.#context = context
    this.#writes = new Writes(context)
    this.#measure(root)
  }

  /** Stops measuring one of the databases. */
  stopMeasuring(database: LmdbDatabase): void {
    this.#patches.get(database)?.undo()
    this.#patches.delete(database)
    this.databases.delete(database)
    measuringEnvironments.delete(database)
  }

  /** Stops measuring all of the databases. */
  detach(): void {
    this.#isDetached = true
    for (const database of [...this.#patches.keys()]) this.stopMeasuring(database)
  }

  #measure(database: LmdbDatabase): void {
    const context = this.#context
    const writes = this.#writes
    const patch = context.patch(database)
    this.databases.add(database)
    this.#patches.set(database, patch)
    for (const [method, operation] of Object.entries(reads)) {
      patch.replace(method, (original) => measureRead(context, operation, original))
    }
    for (const [method, write] of Object.entries(singleWrites))
      patch.replace(method, (original) => writes.wrapSingleWrite(write, original))
    for (const method of ['transactionSync', 'childTransaction', 'transactionAsync'] as const) {
      patch.replace(method, (original) => writes.wrapTransaction(method, original))
    }
    patch.replace('ifVersion', (original) => writes.wrapBatch(original))
    const getMany = new GetMany(context)
    patch.replace('getMany', getMany.wrapGetMany)
    patch.replace('prefetch', getMany.wrapPrefetch)
    patch.replace('getRange', (original) => measureRange(context, original))
    patch.replace('openDB', (original) => wrapOpen(original, (child) => this.#onOpened(child)))
    patch.replace('close', (original) => wrapClose(context, original, () => this.#onClosed(database)))
  }

  #onOpened(child: LmdbDatabase): void {
    this.#measure(child)
    measuringEnvironments.set(child, this)
  }

  #onClosed(database: LmdbDatabase): void {
    this.stopMeasuring(database)
    // Closing replaces methods by ones that throw. Calls of these on the root are failed operations that its owner must see.
    if (database === this.#root && !this.#isDetached) this.#measure(database)
  }
}

function wrapOpen(original: Method, onOpened: (child: LmdbDatabase) => void): Method {
  return function (...args) {
    const child = original.apply(this, args)
    // `openDB` returns nothing if the database does not exist and must not be created.
    if (typeof child === 'object' && child !== null) onOpened(child as LmdbDatabase)
    return child
  }
}

/** Closing is not an operation; only its failures are counted. */
function wrapClose(context: StoreContext, original: Method, onClosed: () => void): Method {
  return function (...args) {
    return observeLmdbPromise(original.apply(this, args), {
      succeeded: onClosed,
      failed: (error) => context.recordLifecycleError('close', error),
    })
  }
}
