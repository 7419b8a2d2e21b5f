import type { Counter } from '../../metrics/counter.ts'
import type { MetricName, Operation } from '../../metrics/semconv.ts'
import type { Method } from '../../operations/method-patch.ts'
import { MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { withSpan } from '../../otel/span.ts'
import type { StoreAdapter } from '../adapter.ts'
import { KeyvCalls } from './calls.ts'
import { measureIterator } from './iterator.ts'
import { keyvProbe } from './probe.ts'

/** The parts of a Keyv that we look at; the package itself is never loaded. */
interface Keyv {
  /** The backend, or Keyv's own adapter around it. */
  readonly store: object
}

interface Verb {
  readonly operation: Operation
  /** What it is with an array of keys. */
  readonly ofMany?: Operation
  /** Whether the answer says that the write failed. */
  readonly failedBy?: (answer: unknown) => boolean
}

const isFalse = (answer: unknown): boolean => answer === false
const hasFalse = (answer: unknown): boolean => Array.isArray(answer) && answer.includes(false)

/** With `false` a set says that it failed; a delete says that nothing was there. */
const verbs: Readonly<Record<string, Verb>> = {
  get: { operation: 'get', ofMany: 'get_many' },
  getRaw: { operation: 'get' },
  getMany: { operation: 'get_many' },
  getManyRaw: { operation: 'get_many' },
  set: { operation: 'set', failedBy: isFalse },
  setRaw: { operation: 'set', failedBy: isFalse },
  setMany: { operation: 'batch', failedBy: hasFalse },
  setManyRaw: { operation: 'batch', failedBy: hasFalse },
  delete: { operation: 'delete', ofMany: 'batch' },
  deleteMany: { operation: 'batch' },
  has: { operation: 'has' },
  hasMany: { operation: 'has' },
  clear: { operation: 'clear' },
}

/** Backends by the names of their classes in Keyv's own packages. */
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

const supplied: readonly MetricName[] = ['db_background_errors_total']

/** What belongs to a Keyv that is measured; the counter comes with `stats`. */
const attachments = new WeakMap<object, { aloneErrors?: Counter }>()

/**
 * Keyv 6 on any backend, of both its builds. What is counted is what its users ask for, from call to settlement, so that
 * encoding and decoding are part of it. Errors that Keyv keeps from its callers are counted; see `KeyvCalls`. Those that are
 * of no call (a backend that lost its connection) are errors in the background.
 */
export const keyv: StoreAdapter<Keyv> = {
  name: 'keyv',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'],
  engineMetrics: Object.fromEntries([...Object.values(engines), 'keyv'].map((engine) => [engine, supplied])),
  // Keyv has no codes of its own, and hands on whatever its backend throws.
  errorCodes: new Set(),

  matches(store) {
    const methods = [...Object.keys(verbs), 'iterator', 'disconnect', 'emit', 'hook']
    return (
      methods.every((name) => typeof Reflect.get(store, name) === 'function') &&
      typeof Reflect.get(store, 'store') === 'object' &&
      'checkExpired' in store
    )
  },

  engine({ store }) {
    const nameOf = (backend: object): string => backend.constructor?.name ?? ''
    const inner: unknown = nameOf(store) === 'KeyvBridgeAdapter' ? Reflect.get(store, 'store') : store
    return (typeof inner === 'object' && inner !== null ? engines[nameOf(inner)] : undefined) ?? this.name
  },

  probe(store, context) {
    return keyvProbe(store, this.engine(store), context)
  },

  attach(store, context) {
    const attachment: { aloneErrors?: Counter } = {}
    attachments.set(store, attachment)
    const patch = new MethodPatch(store)
    const calls = new KeyvCalls(store, patch, () => attachment.aloneErrors?.add())
    const connection = { isOpen: true }
    for (const [method, verb] of Object.entries(verbs)) {
      patch.replace(method, (original) => measureCall({ context, calls, connection, verb, original }))
    }
    patch.replace('iterator', (original) => measureIterator(context, calls, original))
    patch.replace('disconnect', (original) => disconnecting(connection, original))
    context.isOpen = whetherOpen(store, connection)
    context.publishGauges()
    return () => {
      delete attachment.aloneErrors
      patch.undo()
    }
  },

  stats(store, registry, name) {
    const attachment = attachments.get(store)
    if (attachment !== undefined) attachment.aloneErrors = registry.counter('db_background_errors_total', { store: name })
    return undefined
  },
}

interface Connection {
  isOpen: boolean
}

/** Asked by the registry's gauges: so it holds the store weakly, and one that is dropped stays free to be collected. */
function whetherOpen(store: Keyv, connection: Connection): () => boolean {
  const held = new WeakRef(store)
  return () => connection.isOpen && held.deref() !== undefined
}

/** Many backends open again with the next call. */
function disconnecting(connection: Connection, original: Method): Method {
  return function (...args) {
    const result = original.apply(this, args)
    connection.isOpen = false
    return result
  }
}

interface Measurement {
  readonly context: StoreContext
  readonly calls: KeyvCalls
  readonly connection: Connection
  readonly verb: Verb
  readonly original: Method
}

function measureCall({ context, calls, connection, verb, original }: Measurement): Method {
  const one = context.recorder(verb.operation)
  const many = context.recorder(verb.ofMany ?? verb.operation)
  return function (...args) {
    if (!context.isMeasuring || calls.isNested(this)) return original.apply(this, args)
    connection.isOpen = true
    const [subject] = args as readonly unknown[]
    const isMany = Array.isArray(subject)
    const pending = context.inFlight.begin(isMany ? many : one, isMany ? subject.length : 0, args[0], args[1])
    const view = calls.begin(this)
    const settle = (answer: unknown): unknown => {
      const failure = calls.failureIn(view)
      if (failure !== undefined) pending.failed(failure.error)
      else if (calls.isNested(view) && verb.failedBy?.(answer)) pending.failed(undefined)
      else pending.succeeded(answer)
      return answer
    }
    const fail = (error: unknown): never => {
      pending.failed(error)
      throw error
    }
    // Without a `this` of its own, what the call begins at once is known to be part of it, and nothing later.
    context.isNested = view === this
    let result: unknown
    try {
      result = withSpan(pending.span, () => original.apply(view, args))
    } catch (error) {
      return fail(error)
    } finally {
      context.isNested = false
    }
    return result instanceof Promise ? result.then(settle, fail) : settle(result)
  }
}
