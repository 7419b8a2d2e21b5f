import { resolve } from 'node:path'
import { leveldbMetricNames } from '../../engines/leveldb/metrics.ts'
import { isLevelDB, LevelDBReader, type LevelDBStore } from '../../engines/leveldb/reader.ts'
import type { Method } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { bindActiveContext } from '../../otel/span.ts'
import type { StoreState } from '../../registry/store-binding.ts'
import type { StoreAdapter } from '../adapter.ts'
import { callbacks, type Dialect, promises } from './dialect.ts'
import { measureMethods } from './level-methods.ts'
import { LevelLifecycle } from './lifecycle.ts'
import { createProbe } from './probe.ts'
import { measureSnapshots, snapshotMetricNames } from './snapshots.ts'

/** The parts of an abstract-level database that the adapter uses; the package itself is not loaded. */
interface Database {
  readonly status: string
  readonly supports: {
    readonly permanence?: boolean
    /** In version 3. */
    readonly explicitSnapshots?: boolean
    readonly additionalMethods?: Readonly<Record<string, boolean>>
  }
  /** From version 2 on. */
  readonly hooks?: object
  /** From version 2 on: null if the database is not a sublevel. */
  readonly parent?: Database | null
  /** In version 1, the database of a sublevel. */
  readonly db?: unknown
  /** The prefix of a sublevel. */
  readonly prefix?: unknown
  /** In classic-level. */
  readonly location?: unknown
  getProperty?(name: string): string
}

/** From the sections "Errors" of abstract-level 3.1's and 1.0's README, and LevelDB's status codes in classic-level. */
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
 * Databases of abstract-level: classic-level, level, memory-level, many-level, subclasses and sublevels. It wraps the private
 * methods on the instance, which take callbacks in version 1 and return promises from version 2 on.
 */
export const abstractLevel: StoreAdapter<Database> = {
  name: 'abstract-level',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'],
  // Versions 1 and 2 have no `has`.
  optionalOperations: ['has'],
  engineMetrics: {
    leveldb: [...leveldbMetricNames, ...snapshotMetricNames],
    memory: snapshotMetricNames,
    'abstract-level': snapshotMetricNames,
  },
  packages: {
    'abstract-level': '1, 2, 3',
    'classic-level': '1, 3',
    level: '8, 10',
    'memory-level': '1, 2, 3',
    'many-level': '2',
  },
  supportsSublevels: true,
  errorCodes,

  matches(store): store is Database {
    const database = store as Partial<Record<string, unknown>>
    const methods = ['_get', '_put', '_del', '_batch', '_iterator', '_open', 'keyEncoding', 'sublevel']
    return methods.every((name) => typeof database[name] === 'function') && typeof database['status'] === 'string'
  },

  engine: detectEngine,

  instrument(store, context) {
    const dialect = findDialect(store)
    const patch = measureMethods(store, context, dialect)
    for (const method of ['defer', 'deferAsync']) patch.replace(method, (original) => wrapDefer(context, original))
    if (findRoot(store) === store && store.supports?.explicitSnapshots === true) measureSnapshots(context, patch)
    const lifecycle = new LevelLifecycle(store, context, createReader(store, context))
    lifecycle.patch(patch, dialect)
    return {
      state: () => readState(store),
      directory: () => readDirectory(store),
      probe: () => createProbe(store, findRoot(store), dialect),
      collect: () => lifecycle.collect(),
      detach() {
        patch.undo()
        lifecycle.close()
      },
    }
  },
}

/** Version 1 has callbacks and no hooks. */
function findDialect({ hooks }: Database): Dialect {
  return typeof hooks === 'object' && hooks !== null ? promises : callbacks
}

/** Returns the database that a sublevel belongs to; the database itself if it is not a sublevel. */
function findRoot(database: Database): Database {
  let root = database
  for (let parent = findParent(root); parent !== undefined; parent = findParent(root)) root = parent
  return root
}

function findParent({ parent, prefix, db }: Database): Database | undefined {
  if (parent !== undefined) return parent ?? undefined
  const isSublevel = typeof prefix === 'string' && typeof db === 'object' && db !== null
  return isSublevel && abstractLevel.matches(db) ? (db as Database) : undefined
}

function detectEngine(store: Database): string {
  const root = findRoot(store)
  if (root.supports?.permanence === false) return 'memory'
  return isLevelDB(root) ? 'leveldb' : 'abstract-level'
}

/** In version 1, a sublevel stays open when its database is closed. */
function readState(store: Database): StoreState {
  const root = findRoot(store)
  const { status } = root.status === 'open' ? store : root
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
  return findRoot(store) === store && typeof store.location === 'string' && detectEngine(store) === 'leveldb'
}

/** Keeps the caller's context (its active span) for work that is deferred until the database is open. */
function wrapDefer({ registry }: StoreContext, original: Method): Method {
  return function (work, ...rest) {
    return original.apply(this, [bindActiveContext(work, registry.observer.onTracerFailure), ...rest])
  }
}
