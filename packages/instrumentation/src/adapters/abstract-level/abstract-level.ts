import { resolve } from 'node:path'
import { leveldbMetricNames } from '../../engines/leveldb/metrics.ts'
import { LevelDBReader, type LevelDBStore } from '../../engines/leveldb/reader.ts'
import type { Operation } from '../../metrics/semconv.ts'
import { type Method, MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { wrapLifecycle } from '../../operations/wrap-lifecycle.ts'
import { wrapAsync, wrapSync } from '../../operations/wrap-method.ts'
import { bindActiveContext } from '../../otel/span.ts'
import type { StoreState } from '../../registry/store-binding.ts'
import type { StoreAdapter } from '../adapter.ts'
import { measureIterator } from './iterator.ts'
import { createProbe, findRoot } from './probe.ts'

/** The parts of an abstract-level database that the adapter uses; the package itself is not loaded. */
interface Database {
  readonly status: string
  readonly parent: Database | null
  readonly supports: { readonly permanence?: boolean; readonly additionalMethods?: Readonly<Record<string, boolean>> }
  /** In classic-level. */
  readonly location?: unknown
  getProperty?(name: string): string
}

const asyncMethods: ReadonlyArray<[method: string, operation: Operation]> = [
  ['_get', 'get'],
  ['_getMany', 'get_many'],
  ['_has', 'has'],
  ['_hasMany', 'has'],
  ['_put', 'set'],
  ['_del', 'delete'],
  ['_clear', 'clear'],
]

/** From the section "Errors" of abstract-level 3.1's README, and LevelDB's status codes in classic-level. */
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

/**
 * Databases of abstract-level from version 2 on: classic-level, level, memory-level, subclasses and sublevels. It wraps the
 * private methods on the instance. All public methods call these once the database is open; wrapping the public methods
 * would count an operation twice while the database opens, through sublevels and with prewrite hooks.
 */
export const abstractLevel: StoreAdapter<Database> = {
  name: 'abstract-level',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'],
  // Version 2 has no `has`.
  optionalOperations: ['has'],
  engineMetrics: { leveldb: leveldbMetricNames, memory: [], 'abstract-level': [] },
  packages: { 'abstract-level': '2, 3', 'classic-level': '3', level: '10', 'memory-level': '3' },
  errorCodes,

  matches(store): store is Database {
    const database = store as Partial<Record<string, unknown>>
    const methods = ['_get', '_put', '_del', '_batch', '_iterator', '_open', 'sublevel']
    // Version 1 has callbacks and no hooks.
    return (
      methods.every((name) => typeof database[name] === 'function') &&
      typeof database['hooks'] === 'object' &&
      typeof database['status'] === 'string'
    )
  },

  engine: detectEngine,

  instrument(store, context) {
    const reader = createReader(store, context)
    const patch = patchMethods(store, context)
    patch.replace('_open', (original) => wrapLifecycle(context, 'open', original, () => reader?.onOpen()))
    patch.replace('_close', (original) => wrapLifecycle(context, 'close', original, () => reader?.onClose()))
    return {
      state: () => readState(store),
      directory: () => readDirectory(store),
      probe: () => createProbe(store),
      collect: () => reader?.collect(),
      detach() {
        patch.undo()
        reader?.close()
      },
    }
  },
}

function detectEngine(store: Database): string {
  const root = findRoot(store)
  if (root.supports.permanence === false) return 'memory'
  const isLevelDB = 'getProperty' in root && root.supports.additionalMethods?.['compactRange'] === true
  return isLevelDB ? 'leveldb' : 'abstract-level'
}

function readState({ status }: Database): StoreState {
  return status === 'open' || status === 'opening' ? status : 'closed'
}

function readDirectory(store: Database): string | undefined {
  if (detectEngine(store) !== 'leveldb') return undefined
  const { location } = findRoot(store)
  return typeof location === 'string' ? resolve(location) : undefined
}

/** Returns undefined for a sublevel: its root database records the engine's metrics. */
function createReader(store: Database, context: StoreContext): LevelDBReader | undefined {
  return isLevelDBStore(store) ? new LevelDBReader(store, context) : undefined
}

function isLevelDBStore(store: Database): store is Database & LevelDBStore {
  return !store.parent && typeof store.location === 'string' && detectEngine(store) === 'leveldb'
}

function patchMethods(store: Database, context: StoreContext): MethodPatch {
  const patch = context.patch(store)
  for (const [method, operation] of asyncMethods) {
    patch.replace(method, (original) => wrapAsync(context, context.recorder(operation), original))
  }
  patch.replace('_getSync', (original) => wrapSync(context, context.recorder('get'), original))
  const batch = context.recorder('batch')
  patch.replace('_batch', (original) => wrapAsync(context, batch, original, (entries: readonly unknown[]) => entries.length))
  patch.replace('_chainedBatch', (original) => wrapChainedBatch(context, original))
  for (const method of ['_iterator', '_keys', '_values']) {
    patch.replace(method, (original) => measureIterator(context, original))
  }
  for (const method of ['defer', 'deferAsync']) patch.replace(method, (original) => wrapDefer(context, original))
  return patch
}

/** Measures a chained batch as one operation, from its write to its settlement. */
function wrapChainedBatch(context: StoreContext, original: Method): Method {
  const recorder = context.recorder('batch')
  return function (...args) {
    const batch = original.apply(this, args) as { readonly length: number }
    new MethodPatch(batch).replace('_write', (write) => wrapAsync(context, recorder, write, () => batch.length))
    return batch
  }
}

/** Keeps the caller's context (its active span) for work that is deferred until the database is open. */
function wrapDefer({ registry }: StoreContext, original: Method): Method {
  return function (work, ...rest) {
    return original.apply(this, [bindActiveContext(work, registry.observer.onTracerFailure), ...rest])
  }
}
