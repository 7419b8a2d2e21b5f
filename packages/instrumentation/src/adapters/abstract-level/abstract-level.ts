import { resolve } from 'node:path'
import { leveldbMetricNames } from '../../engines/leveldb/metrics.ts'
import { LevelDBReader, type LevelDBStore } from '../../engines/leveldb/reader.ts'
import type { Operation } from '../../metrics/semconv.ts'
import { type Method, MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { observeResult, wrapAsync, wrapSync } from '../../operations/wrap-method.ts'
import { bindActiveContext } from '../../otel/span.ts'
import type { StoreAdapter } from '../adapter.ts'
import { measureIterator } from './iterator.ts'
import { abstractLevelProbe, rootOf } from './probe.ts'

/** The parts of an abstract-level database that we look at; the package itself is never loaded. */
interface Database {
  readonly status: string
  readonly parent: Database | null
  readonly supports: { readonly permanence?: boolean; readonly additionalMethods?: Readonly<Record<string, boolean>> }
}

const promised: ReadonlyArray<[method: string, operation: Operation]> = [
  ['_get', 'get'],
  ['_getMany', 'get_many'],
  ['_has', 'has'],
  ['_hasMany', 'has'],
  ['_put', 'set'],
  ['_del', 'delete'],
  ['_clear', 'clear'],
]

/** abstract-level 3.1's README, "Errors", and the codes of LevelDB's own status in classic-level. */
const errorCodes: ReadonlySet<string> = new Set([
  'LEVEL_DATABASE_NOT_OPEN',
  'LEVEL_DATABASE_NOT_CLOSED',
  'LEVEL_ITERATOR_NOT_OPEN',
  'LEVEL_ITERATOR_BUSY',
  'LEVEL_BATCH_NOT_OPEN',
  'LEVEL_SNAPSHOT_NOT_OPEN',
  'LEVEL_ABORTED',
  'LEVEL_ENCODING_NOT_FOUND',
  'LEVEL_ENCODING_NOT_SUPPORTED',
  'LEVEL_DECODE_ERROR',
  'LEVEL_INVALID_KEY',
  'LEVEL_INVALID_VALUE',
  'LEVEL_CORRUPTION',
  'LEVEL_IO_ERROR',
  'LEVEL_INVALID_PREFIX',
  'LEVEL_NOT_SUPPORTED',
  'LEVEL_LEGACY',
  'LEVEL_LOCKED',
  'LEVEL_HOOK_ERROR',
  'LEVEL_STATUS_LOCKED',
  'LEVEL_READONLY',
  'LEVEL_CONNECTION_LOST',
  'LEVEL_REMOTE_ERROR',
])

/** The readers of the stores whose engine is asked. */
const readers = new WeakMap<object, LevelDBReader>()

/**
 * Every abstract-level database from version 2 on: classic-level, level, memory-level, subclasses and sublevels. It wraps
 * the private methods on the instance, which the public ones call once the database is open and whatever the way in:
 * public ones would count an operation twice while the database opens, through sublevels and with prewrite hooks.
 */
export const abstractLevel: StoreAdapter = {
  name: 'abstract-level',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'],
  engineMetrics: { leveldb: leveldbMetricNames },
  errorCodes,

  matches(store) {
    const database = store as Partial<Record<string, unknown>>
    const methods = ['_get', '_put', '_del', '_batch', '_iterator', '_open', 'sublevel']
    // Version 1 has callbacks and no hooks.
    return (
      methods.every((name) => typeof database[name] === 'function') &&
      typeof database['hooks'] === 'object' &&
      typeof database['status'] === 'string'
    )
  },

  engine(store) {
    const root = rootOf(store as Database)
    if (root.supports.permanence === false) return 'memory'
    const isLevelDB = 'getProperty' in root && root.supports.additionalMethods?.['compactRange'] === true
    return isLevelDB ? 'leveldb' : this.name
  },

  isOpen: (store) => (store as Database).status !== 'closed',

  stateOf(store) {
    const { status } = store as Database
    return status === 'open' || status === 'opening' ? status : 'closed'
  },

  directory(store) {
    if (this.engine(store) !== 'leveldb') return undefined
    const { location } = rootOf(store as Database) as Database & { readonly location?: unknown }
    return typeof location === 'string' ? resolve(location) : undefined
  },

  probe: abstractLevelProbe,

  attach(store, context) {
    const patch = new MethodPatch(store)
    for (const [method, operation] of promised) {
      patch.replace(method, (original) => wrapAsync(context, context.recorder(operation), original))
    }
    patch.replace('_getSync', (original) => wrapSync(context, context.recorder('get'), original))
    const batch = context.recorder('batch')
    patch.replace('_batch', (original) => wrapAsync(context, batch, original, (entries: readonly unknown[]) => entries.length))
    patch.replace('_chainedBatch', (original) => chainedBatch(context, original))
    for (const method of ['_iterator', '_keys', '_values']) {
      patch.replace(method, (original) => measureIterator(context, original))
    }
    for (const method of ['defer', 'deferAsync']) patch.replace(method, deferred)
    patch.replace('_open', (original) => statusChange(context, 'open', original))
    patch.replace('_close', (original) => statusChange(context, 'close', original))
    context.publishGauges()
    return () => {
      patch.undo()
      readers.delete(store)
    }
  },

  stats(store, registry, name) {
    const { parent, location } = store as Database & { readonly location?: unknown }
    // A sublevel has no engine of its own: the database that it is part of speaks for it.
    if (parent || typeof location !== 'string' || this.engine(store) !== 'leveldb') return undefined
    const reader = new LevelDBReader(store as LevelDBStore, registry, name)
    readers.set(store, reader)
    return reader
  },
}

/** A chained batch is one operation, from its write to its settlement. */
function chainedBatch(context: StoreContext, original: Method): Method {
  const recorder = context.recorder('batch')
  return function (...args) {
    const batch = original.apply(this, args) as { readonly length: number }
    new MethodPatch(batch).replace('_write', (write) => wrapAsync(context, recorder, write, () => batch.length))
    return batch
  }
}

/** What is called while the database opens is put off by way of these. */
function deferred(original: Method): Method {
  return function (work, ...rest) {
    return original.apply(this, [bindActiveContext(work), ...rest])
  }
}

/** Opening and closing are not operations; they show and hide the store's gauges, and their failures are counted. */
function statusChange(context: StoreContext, verb: 'open' | 'close', original: Method): Method {
  const failed = (error: unknown) => context.recordLifecycleError(verb, error)
  return function (...args) {
    const reader = readers.get(this as object)
    const succeeded = (): void => {
      if (verb === 'open') {
        context.publishGauges()
        reader?.onOpen()
      } else {
        context.withdrawGauges()
        reader?.onClose()
      }
    }
    let result: unknown
    try {
      result = original.apply(this, args)
    } catch (error) {
      failed(error)
      throw error
    }
    return observeResult(result, { succeeded, failed })
  }
}
