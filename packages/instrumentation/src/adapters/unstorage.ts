import type { Operation } from '../metrics/semconv.ts'
import { lengthOf } from '../operations/length-of.ts'
import type { Method } from '../operations/method-patch.ts'
import type { StoreContext } from '../operations/store-context.ts'
import { wrapAsyncForCaller } from '../operations/wrap-method.ts'
import { withSpan } from '../otel/span.ts'
import type { StoreAdapter } from './adapter.ts'

/** The part of a driver that the adapter uses. */
interface Driver {
  readonly name?: unknown
  getItem(key: string, options: object): unknown
}

/** The part of a Storage that the adapter uses; the package itself is not loaded. */
interface Storage {
  /** Returns the driver at a key; without a key that of the root. */
  getMount(): { readonly driver: Driver }
}

const methods: Readonly<Record<string, Operation>> = {
  getItem: 'get',
  get: 'get',
  getItemRaw: 'get',
  getMeta: 'get',
  getItems: 'get_many',
  setMeta: 'set',
  removeItem: 'delete',
  remove: 'delete',
  del: 'delete',
  removeMeta: 'delete',
  hasItem: 'has',
  has: 'has',
  clear: 'clear',
}

/** Methods with a value: a call with `undefined` removes the item. */
const writes = ['setItem', 'set', 'setItemRaw'] as const

const scans = ['getKeys', 'keys'] as const

/** Engines by the names of the drivers that are in the package. Others may have any name. */
const engines: ReadonlySet<string> = new Set([
  'azure-app-configuration',
  'azure-cosmos',
  'azure-key-vault',
  'azure-storage-blob',
  'azure-storage-table',
  'cloudflare-kv-binding',
  'cloudflare-kv-http',
  'cloudflare-r2-binding',
  'db0',
  'deno-kv',
  'deno-kv-node',
  'fs',
  'fs-lite',
  'github',
  'http',
  'lru-cache',
  'memory',
  'mongodb',
  'netlify-blobs',
  'null',
  'overlay',
  'planetscale',
  'redis',
  's3',
  'upstash',
  'uploadthing',
  'vercel-blob',
  'vercel-kv',
  'vercel-runtime-cache',
])

/**
 * Storages of unstorage 1 on any driver, with all their mounts. What is done through `prefixStorage` is measured at the storage
 * below. It measures the users' calls from call to settlement, including encoding and decoding; a call with several items is one
 * operation, whatever the drivers make of it.
 */
export const unstorage: StoreAdapter<Storage> = {
  name: 'unstorage',
  operations: ['get', 'set', 'delete', 'batch', 'scan', 'clear', 'has', 'get_many'],
  engineMetrics: {},
  packages: { unstorage: '1' },
  // It has no error codes of its own; it passes on the errors of its drivers.
  errorCodes: new Set(),

  matches(store): store is Storage {
    const names = [...Object.keys(methods), ...writes, ...scans, 'setItems', 'mount', 'unmount', 'getMount', 'getMounts', 'watch']
    return names.every((name) => typeof Reflect.get(store, name) === 'function')
  },

  engine: detectEngine,

  instrument(storage, context) {
    const patch = context.patch(storage)
    const connection: Connection = { isOpen: true }
    const replace = (method: string, measure: (original: Method) => Method): void => {
      patch.replace(method, (original) => reopen(connection, measure(original)))
    }
    for (const [method, operation] of Object.entries(methods)) {
      replace(method, (original) => wrapAsyncForCaller(context, context.recorder(operation), original))
    }
    for (const method of writes) replace(method, (original) => wrapWrite(context, original))
    for (const method of scans) replace(method, (original) => wrapKeys(context, original))
    replace('setItems', (original) => wrapAsyncForCaller(context, context.recorder('batch'), original, lengthOf))
    patch.replace('dispose', (original) => wrapDispose(context, connection, original))
    return {
      state: () => (connection.isOpen ? 'open' : 'closed'),
      // Read only, and at the driver: watchers are told of writes, and a driver may be a bounded cache.
      probe: () => ({
        async read(key) {
          const value = await storage.getMount().driver.getItem(key, {})
          return typeof value === 'string' ? value : undefined
        },
      }),
      detach: () => patch.undo(),
    }
  },
}

function detectEngine(storage: Storage): string {
  const { name } = storage.getMount().driver
  return typeof name === 'string' && engines.has(name) ? name : 'unstorage'
}

/** A storage does not report whether it is open: `dispose` closes its drivers, and most of them work again with the next call. */
interface Connection {
  isOpen: boolean
}

function reopen(connection: Connection, measured: Method): Method {
  return function (...args) {
    connection.isOpen = true
    return measured.apply(this, args)
  }
}

function wrapWrite(context: StoreContext, original: Method): Method {
  const write = wrapAsyncForCaller(context, context.recorder('set'), original)
  const remove = wrapAsyncForCaller(context, context.recorder('delete'), original)
  return function (...args) {
    return (args[1] === undefined ? remove : write).apply(this, args)
  }
}

/** Wraps a method that resolves to all keys: a scan, with the keys as its entries. */
function wrapKeys(context: StoreContext, original: Method): Method {
  const recorder = context.recorder('scan')
  const { inFlight } = context
  const { onTracerFailure } = context.registry.observer
  const read = (receiver: unknown, args: never[]): unknown => {
    const pending = inFlight.begin(recorder)
    const fail = (error: unknown): never => {
      pending.failed(error)
      throw error
    }
    context.isNested = true
    let keys: unknown
    try {
      keys = withSpan(pending.span, () => original.apply(receiver, args), onTracerFailure)
    } catch (error) {
      return fail(error)
    } finally {
      context.isNested = false
    }
    return Promise.resolve(keys).then((all) => {
      pending.entries = lengthOf(all)
      pending.succeeded()
      return all
    }, fail)
  }
  return function (...args) {
    return context.isMeasuring ? read(this, args) : original.apply(this, args)
  }
}

function wrapDispose(context: StoreContext, connection: Connection, original: Method): Method {
  return function (...args) {
    const disposed = Promise.resolve(original.apply(this, args))
    return disposed.then(
      (result) => {
        connection.isOpen = false
        context.recordClosed()
        return result
      },
      (error: unknown) => {
        context.recordLifecycleError('close', error)
        throw error
      },
    )
  }
}
