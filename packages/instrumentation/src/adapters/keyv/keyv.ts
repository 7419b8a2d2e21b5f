import type { Counter } from '../../metrics/counter.ts'
import type { MetricName, Operation } from '../../metrics/semconv.ts'
import type { Method } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { withSpan } from '../../otel/span.ts'
import type { StoreAdapter } from '../adapter.ts'
import { findBackend, KeyvCalls } from './calls.ts'
import { measureIterator } from './iterator.ts'
import { createProbe } from './probe.ts'

/** A Keyv of any version; the package itself is not loaded. */
type Keyv = object

/** How calls of one method are counted. */
interface CallKind {
  readonly operation: Operation
  /** The operation if the first argument is an array of keys. */
  readonly withMany?: Operation
  /** Whether the result reports that the write failed. */
  readonly isFailure?: (result: unknown) => boolean
  /** Whether the result is what was found. */
  readonly isLookup?: boolean
}

const isFalse = (result: unknown): boolean => result === false
const hasFalse = (result: unknown): boolean => Array.isArray(result) && result.includes(false)

/** `set` returns `false` if it failed; `delete` returns `false` if the key was not there. */
const calls: Readonly<Record<string, CallKind>> = {
  get: { operation: 'get', withMany: 'get_many', isLookup: true },
  getRaw: { operation: 'get', isLookup: true },
  getMany: { operation: 'get_many' },
  getManyRaw: { operation: 'get_many' },
  set: { operation: 'set', isFailure: isFalse },
  setRaw: { operation: 'set', isFailure: isFalse },
  setMany: { operation: 'batch', isFailure: hasFalse },
  setManyRaw: { operation: 'batch', isFailure: hasFalse },
  delete: { operation: 'delete', withMany: 'batch' },
  deleteMany: { operation: 'batch' },
  has: { operation: 'has' },
  hasMany: { operation: 'has' },
  clear: { operation: 'clear' },
}

/** Engines by the class names of the backends in Keyv's own packages. */
const engines: Readonly<Record<string, string>> = {
  KeyvMemoryAdapter: 'memory',
  KeyvRedis: 'redis',
  KeyvValkey: 'valkey',
  KeyvMemcache: 'memcached',
  KeyvMongo: 'mongodb',
  KeyvMysql: 'mysql',
  KeyvPostgres: 'postgresql',
  KeyvSqlite: 'sqlite',
  KeyvEtcd: 'etcd',
  KeyvDynamo: 'dynamodb',
}

const engineMetrics: readonly MetricName[] = ['db_get_hits_total', 'db_get_misses_total', 'db_background_errors_total']

/**
 * Keyv 4, 5 and 6 on any backend, in all of their builds. It measures the users' calls from call to settlement, including encoding
 * and decoding. Errors that Keyv emits instead of throwing, or keeps to itself, are counted too; see `KeyvCalls`. A batch in which the
 * backend failed for some of the keys is a failed batch. Errors outside of any call (a
 * backend that lost its connection) are background errors.
 */
export const keyv: StoreAdapter<Keyv> = {
  name: 'keyv',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'],
  // Before version 6, a Keyv has an iterator only if its backend has one.
  optionalOperations: ['scan'],
  engineMetrics: Object.fromEntries([...Object.values(engines), 'keyv'].map((engine) => [engine, engineMetrics])),
  packages: { keyv: '4, 5, 6' },
  // Keyv has no error codes of its own; it passes on the errors of its backend.
  errorCodes: new Set(),

  matches(store): store is Keyv {
    const keyv = store as Partial<Record<string, unknown>>
    const has = (names: readonly string[]): boolean => names.every((name) => typeof keyv[name] === 'function')
    if (!has(['get', 'set', 'delete', 'clear', 'has', 'disconnect', 'emit', 'on'])) return false
    if (typeof findBackend(store) !== 'object') return false
    // Versions 4 and 5, and version 6.
    return has(['_getKeyPrefix', '_getKeyUnprefix']) || (has(['hook', 'iterator', 'setManyRaw']) && 'checkExpired' in store)
  },

  engine: detectEngine,

  instrument(store, context) {
    const patch = context.patch(store)
    const counter = (name: MetricName) => context.registry.counter(name, { store: context.name })
    const backgroundErrors = counter('db_background_errors_total')
    const lookups = { hits: counter('db_get_hits_total'), misses: counter('db_get_misses_total') }
    // Other code may have wrapped our `emit` and so keep it.
    let isDetached = false
    const keyvCalls = new KeyvCalls(store, patch, () => {
      if (!isDetached) backgroundErrors.add(1)
    })
    const connection: Connection = { isOpen: true }
    for (const [method, kind] of Object.entries(calls)) {
      patch.replace(method, (original) => wrapMethod({ context, keyvCalls, connection, lookups, kind, original }))
    }
    patch.replace('iterator', (original) => measureIterator(context, keyvCalls, original))
    patch.replace('disconnect', (original) => wrapDisconnect(connection, original))
    return {
      state: () => (connection.isOpen ? 'open' : 'closed'),
      probe: () => createProbe(store, detectEngine(store), context),
      detach() {
        isDetached = true
        patch.undo()
      },
    }
  },
}

function detectEngine(store: Keyv): string {
  const className = (backend: object): string => backend.constructor?.name ?? ''
  const own = findBackend(store)
  const backend: unknown = own !== undefined && className(own) === 'KeyvBridgeAdapter' ? Reflect.get(own, 'store') : own
  if (typeof backend !== 'object' || backend === null) return 'keyv'
  if (Reflect.getPrototypeOf(backend) === Map.prototype && backend === own) return 'memory'
  return engines[className(backend)] ?? 'keyv'
}

/** Keyv does not report whether it is connected: `disconnect` closes it, and the next call opens most backends again. */
interface Connection {
  isOpen: boolean
}

function wrapDisconnect(connection: Connection, original: Method): Method {
  return function (...args) {
    const result = original.apply(this, args)
    connection.isOpen = false
    return result
  }
}

interface Measurement {
  readonly context: StoreContext
  readonly keyvCalls: KeyvCalls
  readonly connection: Connection
  readonly lookups: { readonly hits: Counter; readonly misses: Counter }
  readonly kind: CallKind
  readonly original: Method
}

function wrapMethod({ context, keyvCalls, connection, lookups, kind, original }: Measurement): Method {
  const one = context.recorder(kind.operation)
  const many = context.recorder(kind.withMany ?? kind.operation)
  return function (...args) {
    if (!context.isMeasuring || keyvCalls.isNested(this)) return original.apply(this, args)
    connection.isOpen = true
    const [subject] = args as readonly unknown[]
    const isMany = Array.isArray(subject)
    const pending = context.inFlight.begin(isMany ? many : one, isMany ? subject.length : 0, args[0], args[1])
    const view = keyvCalls.begin(this)
    const settle = (result: unknown): unknown => {
      const failure = keyvCalls.failureIn(view)
      if (failure !== undefined) pending.failed(failure.error)
      else if (keyvCalls.isNested(view) && kind.isFailure?.(result)) pending.failed(undefined)
      else {
        if (kind.isLookup === true && !isMany) (result === undefined || result === null ? lookups.misses : lookups.hits).add(1)
        pending.succeeded(result)
      }
      return result
    }
    const fail = (error: unknown): never => {
      pending.failed(error)
      throw error
    }
    // Without a view, only what the call does synchronously can be recognized as part of it.
    context.isNested = view === this
    let result: unknown
    try {
      result = withSpan(pending.span, () => original.apply(view, args), context.registry.observer.onTracerFailure)
    } catch (error) {
      return fail(error)
    } finally {
      context.isNested = false
    }
    return result instanceof Promise ? result.then(settle, fail) : settle(result)
  }
}
