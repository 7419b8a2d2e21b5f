import { type Method, type MethodPatch, memoizeWrapper } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { wrapAsyncForCaller } from '../../operations/wrap-method.ts'
import { wrapNested } from '../../operations/wrap-nested.ts'
import type { StoreAdapter } from '../adapter.ts'
import { wrapRangeIterator } from './range-iterator.ts'

/** The parts of a Hyperbee that the adapter uses; the package itself is not loaded. */
interface Hyperbee {
  readonly opened: boolean
  readonly closing: Promise<void> | null
  /** The log that stores the tree. */
  readonly core: { readonly closing: Promise<void> | null }
  /** Answers the requests of peers; null if there is none. */
  readonly extension: object | null
  ready(): Promise<void>
  get(key: string, options: object): Promise<{ readonly value: unknown } | null>
}

const methods = ['get', 'getBySeq', 'put', 'del', 'batch', 'createRangeIterator', 'checkout', 'sub'] as const

type Wrap = (original: Method) => Method

/**
 * hyperbee 2, with its snapshots, checkouts and sub-databases: their operations are those of the database they come from. A range is
 * one scan, whether it is read as a stream, an iterator or with `peek`; a batch is one operation when it is flushed.
 *
 * Streams of the history and of differences read the log, not the entries, and are not measured. What it does for a peer that asks
 * is no operation.
 */
export const hyperbee: StoreAdapter<Hyperbee> = {
  name: 'hyperbee',
  operations: ['get', 'set', 'delete', 'batch', 'scan'],
  engineMetrics: {},
  packages: { hyperbee: '2' },
  // The codes in hypercore-errors.
  errorCodes: new Set([
    'BAD_ARGUMENT',
    'BATCH_ALREADY_EXISTS',
    'BATCH_ALREADY_FLUSHED',
    'BATCH_UNFLUSHED',
    'BLOCK_NOT_AVAILABLE',
    'DECODING_ERROR',
    'ERR_ASSERTION',
    'INVALID_CAPABILITY',
    'INVALID_CHECKSUM',
    'INVALID_OPERATION',
    'INVALID_OPLOG_VERSION',
    'INVALID_PROOF',
    'INVALID_SIGNATURE',
    'OPLOG_CORRUPT',
    'OPLOG_HEADER_OVERFLOW',
    'REQUEST_CANCELLED',
    'REQUEST_TIMEOUT',
    'SESSION_CLOSED',
    'SESSION_MOVED',
    'SESSION_NOT_WRITABLE',
    'SNAPSHOT_NOT_AVAILABLE',
    'STORAGE_CONFLICT',
    'STORAGE_EMPTY',
    'WRITE_FAILED',
  ]),

  matches(store): store is Hyperbee {
    const names = [...methods, 'createHistoryStream', 'createReadStream', 'peek', 'snapshot', 'ready']
    return 'core' in store && names.every((name) => typeof Reflect.get(store, name) === 'function')
  },

  engine: () => 'hyperbee',

  instrument(bee, context) {
    const patch = context.patch(bee)
    const views = new Views(context)
    views.measure(patch)
    patch.replace('clearUnlinked', (original) => withOwnBatch(bee, original))
    const ofPeers = bee.extension === null ? undefined : context.patch(bee.extension)
    for (const method of ['onget', 'oniterator']) ofPeers?.replace(method, (original) => wrapNested(context, true, original))
    // Its constructor has called `ready`: this only observes the result.
    bee.ready().then(
      () => context.recordOpened(),
      (error: unknown) => context.recordLifecycleError('open', error),
    )
    return {
      state: () => (bee.closing !== null || bee.core.closing !== null ? 'closed' : bee.opened ? 'open' : 'opening'),
      // Read only: the log keeps what was ever written, and peers get it. It does not wait for peers.
      probe: () => ({
        async read(key) {
          const entry = await context.withoutMeasuring(() => bee.get(key, { wait: false, update: false }))
          return typeof entry?.value === 'string' ? entry.value : undefined
        },
      }),
      detach() {
        ofPeers?.undo()
        patch.undo()
      },
    }
  },
}

/** Wraps the methods of a database, and of the databases that are views of it. One wrapper for each method is enough for all. */
class Views {
  readonly #context: StoreContext
  readonly #wrappers: Readonly<Record<(typeof methods)[number], Wrap>>

  constructor(context: StoreContext) {
    this.#context = context
    const wrapAs =
      (operation: 'get' | 'set' | 'delete'): Wrap =>
      (original) =>
        wrapAsyncForCaller(context, context.recorder(operation), original)
    const wrapView: Wrap = (original) => this.#wrapView(original)
    const wrappers = {
      get: wrapAs('get'),
      getBySeq: wrapAs('get'),
      put: wrapAs('set'),
      del: wrapAs('delete'),
      batch: this.#wrapBatch(wrapAs('get')),
      createRangeIterator: (original: Method) => wrapRangeIterator(context, original),
      checkout: wrapView,
      sub: wrapView,
    }
    for (const [method, wrap] of Object.entries(wrappers)) Reflect.set(wrappers, method, memoizeWrapper(wrap))
    this.#wrappers = wrappers
  }

  measure(patch: MethodPatch): void {
    for (const method of methods) patch.replace(method, this.#wrappers[method])
  }

  /** A view that the store creates for itself is not measured. `snapshot` calls `checkout`. */
  #wrapView(original: Method): Method {
    const measure = (view: object): void => {
      if (!this.#context.isNested) this.measure(this.#context.patch(view))
    }
    return function (...args) {
      const view = original.apply(this, args) as object
      measure(view)
      return view
    }
  }

  /** Reads through a batch are operations; its writes are one operation together, when they are flushed. */
  #wrapBatch(wrapGet: Wrap): Wrap {
    const context = this.#context
    const countEntries = function (this: unknown): number {
      return Number(Reflect.get(this as object, 'length'))
    }
    const recorder = context.recorder('batch')
    const flush = memoizeWrapper((original) => wrapAsyncForCaller(context, recorder, original, countEntries))
    const get = memoizeWrapper(wrapGet)
    const range = memoizeWrapper((original) => wrapRangeIterator(context, original))
    return (original) =>
      function (...args) {
        const batch = original.apply(this, args) as object
        if (context.isNested) return batch
        const patch = context.patch(batch)
        patch.replace('get', get)
        patch.replace('getBySeq', get)
        patch.replace('createRangeIterator', range)
        patch.replace('flush', flush)
        return batch
      }
  }
}

/** Wraps `clearUnlinked`, which reads through batches, so that these are not the measured ones. */
function withOwnBatch(bee: object, original: Method): Method {
  const prototype = Reflect.getPrototypeOf(bee)
  return function (...args) {
    const batch: unknown = prototype === null ? undefined : Reflect.get(prototype, 'batch')
    return original.apply(Object.create(this as object, { batch: { value: batch } }), args)
  }
}
