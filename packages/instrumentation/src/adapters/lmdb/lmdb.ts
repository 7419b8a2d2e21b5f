import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isOpen, type LmdbDatabase, LmdbReader } from '../../engines/lmdb.ts'
import type { Method } from '../../operations/method-patch.ts'
import { MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import type { StoreAdapter } from '../adapter.ts'
import { lmdbErrors } from './errors.ts'
import { lmdbProbe } from './probe.ts'
import { observeLmdbPromise } from './promises.ts'
import { measureRange } from './range.ts'
import { GetMany, measureRead } from './reads.ts'
import { type SingleWrite, Writes } from './writes.ts'

const reads = { get: 'get', getEntry: 'get', getBinary: 'get', getBinaryFast: 'get', doesExist: 'has' } as const

const singleWrites: Readonly<Record<string, SingleWrite>> = {
  put: { verb: 'set', callbackFrom: 2 },
  putSync: { verb: 'set', commits: true },
  remove: { verb: 'delete', callbackFrom: 1 },
  removeSync: { verb: 'delete', commits: true },
  clearAsync: { verb: 'clear', callbackFrom: 0 },
  clearSync: { verb: 'clear' },
  drop: { verb: 'clear', callbackFrom: 0 },
  dropSync: { verb: 'clear' },
}

const always = (): boolean => true

/** How to stop measuring a database that was opened from another one and is measured with that. */
const measuredWithAnother = new WeakMap<object, () => void>()
const attachments = new WeakMap<object, { readonly writes: Writes; readonly databases: Set<LmdbDatabase> }>()

/**
 * Databases of lmdb 3, of both its builds. A database that is opened from a measured one (`openDB`) is measured with it, under
 * its name: they share one file, one writer and one commit. To give it a name of its own, instrument it as well.
 *
 * A transaction or batch is one batch; see `Writes` for what is counted in it. `getAsync` is experimental and not measured.
 */
export const lmdb: StoreAdapter<LmdbDatabase> = {
  name: 'lmdb',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'],
  engineMetrics: { lmdb: [...LmdbReader.metricNames, 'db_transaction_commits_total', 'db_transaction_aborts_total'] },
  errorCodes: lmdbErrors,

  matches(store) {
    const database = store as Partial<Record<string, unknown>>
    // One that is opened for reading has no methods that write.
    const methods = ['get', 'getEntry', 'getRange', 'getKeys', 'doesExist', 'openDB', 'getStats', 'readerList']
    return methods.every((name) => typeof database[name] === 'function') && typeof database['env'] === 'object'
  },

  engine: () => 'lmdb',

  isOpen,

  directory({ env }) {
    const path = resolve(env.path)
    const found = statSync(path, { throwIfNoEntry: false })
    return found && (found.isDirectory() ? path : dirname(path))
  },

  probe: lmdbProbe,

  attach(store, context) {
    measuredWithAnother.get(store)?.()
    const writes = new Writes(context)
    const attachment = { writes, databases: new Set<LmdbDatabase>() }
    attachments.set(store, attachment)
    const patches = new Map<LmdbDatabase, MethodPatch>()
    let ended = false
    const stop = (database: LmdbDatabase): void => {
      patches.get(database)?.undo()
      patches.delete(database)
      attachment.databases.delete(database)
      measuredWithAnother.delete(database)
    }
    const measure = (database: LmdbDatabase): void => {
      attachment.databases.add(database)
      patches.set(
        database,
        measureDatabase(database, context, writes, {
          opened: (child) => {
            measure(child)
            measuredWithAnother.set(child, () => stop(child))
          },
          closed: () => {
            stop(database)
            // lmdb has replaced methods by others that only throw: that they are called is for the store's owner to see.
            if (database === store && !ended) measure(store)
          },
        }),
      )
    }
    measure(store)
    context.publishGauges()
    return () => {
      ended = true
      for (const database of [...patches.keys()]) stop(database)
    }
  },

  stats(store, registry, name) {
    const attachment = attachments.get(store)
    if (attachment === undefined) return undefined
    attachment.writes.commits = registry.counter('db_transaction_commits_total', { store: name })
    attachment.writes.aborts = registry.counter('db_transaction_aborts_total', { store: name })
    return new LmdbReader(store, attachment.databases, registry, name)
  },
}

function measureDatabase(
  database: LmdbDatabase,
  context: StoreContext,
  writes: Writes,
  on: { opened: (child: LmdbDatabase) => void; closed: () => void },
): MethodPatch {
  const patch = new MethodPatch(database)
  for (const [method, verb] of Object.entries(reads)) {
    patch.replace(method, (original) => measureRead(context, verb, original))
  }
  for (const [method, write] of Object.entries(singleWrites)) patch.replace(method, (original) => writes.single(write, original))
  patch.replace('transactionSync', (original) => writes.transaction(original, always))
  patch.replace('childTransaction', (original) => writes.transaction(original, always))
  patch.replace('transactionAsync', (original) => writes.transaction(original, ([, asChild]) => asChild === true))
  patch.replace('ifVersion', (original) => writes.batch(original))
  const getMany = new GetMany(context)
  patch.replace('getMany', getMany.measure)
  patch.replace('prefetch', getMany.partOf)
  patch.replace('getRange', (original) => measureRange(context, original))
  patch.replace('openDB', (original) => opening(original, on.opened))
  patch.replace('close', (original) => closing(context, original, on.closed))
  return patch
}

function opening(original: Method, opened: (child: LmdbDatabase) => void): Method {
  return function (...args) {
    const child = original.apply(this, args)
    // There is none where it should not be created.
    if (typeof child === 'object' && child !== null) opened(child as LmdbDatabase)
    return child
  }
}

/** Closing is not an operation; its failures are counted. */
function closing(context: StoreContext, original: Method, closed: () => void): Method {
  return function (...args) {
    return observeLmdbPromise(original.apply(this, args), {
      succeeded: closed,
      failed: (error) => context.recordLifecycleError('close', error),
    })
  }
}
