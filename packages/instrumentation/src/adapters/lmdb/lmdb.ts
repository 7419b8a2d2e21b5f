import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { LmdbReader, toName } from '../../engines/lmdb.ts'
import { isEnvironmentOpen, type LmdbDatabase, watchRoot } from '../../engines/lmdb-environment.ts'
import type { Method, MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { isMeasured } from '../../operations/store-mark.ts'
import { wrapLifecycle } from '../../operations/wrap-lifecycle.ts'
import type { StoreProbe } from '../../registry/store-binding.ts'
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

/** Who measures a database that was opened with `openDB`. */
const measuringDatabases = new WeakMap<LmdbDatabase, MeasuredDatabases>()

/**
 * Databases of lmdb 2 and 3, in both of their builds. A database that is opened from a measured one (`openDB`) is measured with
 * it, under its name: they share one file, one writer and one commit. To give it a name of its own, instrument it too.
 *
 * A transaction or a batch counts as one batch; `Writes` defines its entries. `getAsync` is experimental and not measured.
 */
export const lmdb: StoreAdapter<LmdbDatabase> = {
  name: 'lmdb',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'],
  // A database opened for reading has no methods that write.
  optionalOperations: ['set', 'delete', 'batch'],
  engineMetrics: { lmdb: [...LmdbReader.metricNames, 'db_transaction_commits_total', 'db_transaction_aborts_total'] },
  packages: { lmdb: '2, 3' },
  errorCodes: lmdbErrorCodes,

  matches(store): store is LmdbDatabase {
    const database = store as Partial<Record<string, unknown>>
    // Only methods that read: a database opened for reading has no others.
    const methods = ['get', 'getEntry', 'getRange', 'getKeys', 'doesExist', 'openDB', 'getStats', 'readerList']
    return methods.every((name) => typeof database[name] === 'function') && typeof database['env'] === 'object'
  },

  engine: () => 'lmdb',

  instrument(store, context) {
    const { env } = store
    measuringDatabases.get(store)?.stopMeasuring(store)
    const databases = new MeasuredDatabases(store, context)
    const reader = new LmdbReader(store, databases.names, context)
    // Another handle, thread or process may have dropped it: known when it was last looked for.
    let isDropped = false
    let probe: StoreProbe | undefined
    return {
      state: () => (store.status === 'open' && isEnvironmentOpen(env) && !isDropped ? 'open' : 'closed'),
      directory: () => readDirectory(env.path),
      probe() {
        probe ??= createProbe(store, context, () => {
          isDropped = true
        })
        return probe
      },
      async collect() {
        const exists = store.status === 'open' ? await reader.collect() : undefined
        if (exists !== undefined) isDropped = !exists
      },
      detach: () => databases.detach(),
    }
  },
}

function readDirectory(environmentPath: string): string | undefined {
  try {
    const path = resolve(environmentPath)
    const status = statSync(path, { throwIfNoEntry: false })
    return status && (status.isDirectory() ? path : dirname(path))
  } catch {
    // A folder above it cannot be read any more, or the current one is gone.
    return undefined
  }
}

/** The databases that are measured together under one name: the instrumented one, and those opened from it. */
class MeasuredDatabases {
  /** The names of the databases that are open, null for the main one. They do not depend on handles that are in use. */
  readonly names = new Set<string | null>()
  readonly #first: LmdbDatabase
  readonly #context: StoreContext
  readonly #writes: Writes
  readonly #endWatch: () => void
  /** Weak: an application may open a database anew for each use, and lmdb keeps only the last handle of a name. */
  readonly #handles = new Set<WeakRef<LmdbDatabase>>()
  readonly #measured = new WeakMap<LmdbDatabase, { readonly reference: WeakRef<LmdbDatabase>; readonly patch: MethodPatch }>()
  readonly #collected = new FinalizationRegistry<WeakRef<LmdbDatabase>>((reference) => this.#handles.delete(reference))
  #isDetached = false

  constructor(first: LmdbDatabase, context: StoreContext) {
    this.#first = first
    this.#context = context
    this.#writes = new Writes(context)
    // Before the patches, which must undo first.
    this.#endWatch = watchRoot(first)
    this.#measure(first)
  }

  /** Stops measuring one of the handles. Its database remains measured if another handle of it is. */
  stopMeasuring(database: LmdbDatabase): void {
    this.#restore(database)
    const name = toName(database)
    if (![...this.#handles].some((reference) => hasName(reference.deref(), name))) this.names.delete(name)
  }

  /** Stops measuring all of the databases. */
  detach(): void {
    this.#isDetached = true
    for (const reference of [...this.#handles]) {
      const database = reference.deref()
      if (database !== undefined) this.#restore(database)
    }
    this.#endWatch()
  }

  #restore(database: LmdbDatabase): void {
    const measured = this.#measured.get(database)
    if (measured === undefined) return
    measured.patch.undo()
    this.#handles.delete(measured.reference)
    this.#measured.delete(database)
    measuringDatabases.delete(database)
  }

  #measure(database: LmdbDatabase): void {
    const context = this.#context
    const writes = this.#writes
    const patch = context.patch(database)
    const reference = new WeakRef(database)
    this.names.add(toName(database))
    this.#handles.add(reference)
    this.#measured.set(database, { reference, patch })
    this.#collected.register(database, reference)
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
    const onClosed = (): void => this.#onClosed(database)
    patch.replace('close', (original) => wrapLifecycle(context, 'close', original, onClosed, observeLmdbPromise))
  }

  #onOpened(child: LmdbDatabase): void {
    if (this.#isDetached || this.#measured.has(child) || isMeasured(child)) return
    this.#measure(child)
    measuringDatabases.set(child, this)
  }

  #onClosed(database: LmdbDatabase): void {
    this.#restore(database)
    // LMDB closes a database for all of its handles.
    this.names.delete(toName(database))
    // Closing replaces methods by ones that throw. Calls of these on the root are failed operations that its owner must see.
    if (database === this.#first && !this.#isDetached) this.#measure(database)
  }
}

function hasName(database: LmdbDatabase | undefined, name: string | null): boolean {
  return database !== undefined && toName(database) === name
}

function wrapOpen(original: Method, onOpened: (child: LmdbDatabase) => void): Method {
  return function (...args) {
    const child = original.apply(this, args)
    // `openDB` returns nothing if the database does not exist and must not be created.
    if (typeof child === 'object' && child !== null) onOpened(child as LmdbDatabase)
    return child
  }
}
