import type { Operation } from '../../metrics/semconv.ts'
import { type Method, MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { callWithCallback, endsWithCallback } from '../../operations/wrap-callback.ts'
import { observeResult, wrapSync } from '../../operations/wrap-method.ts'
import { type Dialect, isNotFound } from './dialect.ts'
import { measureIterator } from './iterator.ts'
import { type KeyArgument, type Sublevel, type SublevelOperation, Sublevels } from './sublevels.ts'

const methods: ReadonlyArray<[method: string, operation: Operation, argument: KeyArgument]> = [
  ['_get', 'get', 'key'],
  ['_getMany', 'get_many', 'keys'],
  ['_has', 'has', 'key'],
  ['_hasMany', 'has', 'keys'],
  ['_put', 'set', 'key'],
  ['_del', 'delete', 'key'],
  ['_clear', 'clear', 'range'],
  ['_batch', 'batch', 'entries'],
]

/**
 * Measures the operations of a database by wrapping its private methods on the instance. All public methods call these once
 * the database is open; wrapping the public methods would count an operation twice while the database opens, through
 * sublevels and with prewrite hooks.
 */
export function measureMethods(store: object, context: StoreContext, dialect: Dialect): MethodPatch {
  const patch = context.patch(store)
  const sublevels = context.bySublevel ? new Sublevels(context) : undefined
  for (const [method, operation, argument] of methods) {
    const options = {
      ...(operation === 'batch' && { countEntries: countBatch }),
      ...(operation === 'get' && { isAnswer: isNotFound }),
    }
    patch.replace(method, (original) => {
      const measured = dialect.wrap(context, context.recorder(operation), original, options)
      if (sublevels === undefined) return measured
      return wrapBySublevel(context, measured, (args) => sublevels.begin(operation, argument, args[0]))
    })
  }
  patch.replace('_getSync', (original) => {
    const measured = wrapSync(context, context.recorder('get'), original)
    if (sublevels === undefined) return measured
    return wrapSyncBySublevel(context, measured, (args) => sublevels.begin('get', 'key', args[0]))
  })
  patch.replace('_chainedBatch', (original) => wrapChainedBatch(context, original, dialect, sublevels))
  for (const method of ['_iterator', '_keys', '_values']) {
    patch.replace(method, (original) => measureIterator(context, original, dialect.iterators, sublevels))
  }
  return patch
}

function countBatch(entries: unknown): number {
  return Array.isArray(entries) ? entries.length : 0
}

/** Wraps a measured method to count its calls by sublevel too. */
function wrapBySublevel(context: StoreContext, measured: Method, begin: (args: readonly unknown[]) => SublevelOperation): Method {
  return function (...args) {
    if (!context.isMeasuring) return measured.apply(this, args)
    const operation = begin(args)
    if (endsWithCallback(args)) {
      return callWithCallback(
        context,
        measured,
        this,
        args,
        (subject, { isFailed, error }) => subject.end(isFailed && !isNotFound(error)),
        operation,
      )
    }
    let result: unknown
    try {
      result = measured.apply(this, args)
    } catch (error) {
      operation.end(true)
      throw error
    }
    return observeResult(result, { succeeded: () => operation.end(false), failed: () => operation.end(true) })
  }
}

/** The same for a synchronous method. */
function wrapSyncBySublevel(
  context: StoreContext,
  measured: Method,
  begin: (args: readonly unknown[]) => SublevelOperation,
): Method {
  return function (...args) {
    if (!context.isMeasuring) return measured.apply(this, args)
    const operation = begin(args)
    let isFailed = true
    try {
      const result = measured.apply(this, args)
      isFailed = false
      return result
    } finally {
      operation.end(isFailed)
    }
  }
}

/** Measures a chained batch as one operation, from its write to its settlement. */
function wrapChainedBatch(context: StoreContext, original: Method, dialect: Dialect, sublevels: Sublevels | undefined): Method {
  let isReported = false
  return function (...args) {
    const batch: unknown = original.apply(this, args)
    if (measureChainedBatch(context, batch, dialect, sublevels) || isReported) return batch
    isReported = true
    context.registry.warnSafely(
      `store ${context.name}: chained batches are not measured that cannot be wrapped: one must be an extensible object with the method _write`,
    )
    return batch
  }
}

/** Wraps the write of a chained batch. Returns false for anything but a chained batch: an engine may return anything. */
function measureChainedBatch(context: StoreContext, batch: unknown, dialect: Dialect, sublevels: Sublevels | undefined): boolean {
  if (typeof batch !== 'object' || batch === null) return false
  const patch = new MethodPatch(batch)
  try {
    if (typeof Reflect.get(batch, '_write') !== 'function') return false
    const hasLength = typeof Reflect.get(batch, 'length') === 'number'
    const content = hasLength && sublevels === undefined ? undefined : new BatchContent(patch, sublevels)
    const countEntries = (): number => (hasLength || content === undefined ? readLength(batch) : content.entries)
    patch.replace('_write', (write) => {
      const measured = dialect.wrap(context, context.recorder('batch'), write, { countEntries })
      if (sublevels === undefined || content === undefined) return measured
      return wrapBySublevel(context, measured, () => sublevels.beginWith('batch', content.touched))
    })
    return true
  } catch {
    undoSafely(patch)
    return false
  }
}

/** What was added to a chained batch: the batches of abstract-leveldown do not say. */
class BatchContent {
  entries = 0
  readonly touched = new Set<Sublevel>()

  constructor(patch: MethodPatch, sublevels: Sublevels | undefined) {
    const watch = (method: string, onCall: (argument: unknown) => void): void =>
      patch.replace(method, (original) => {
        return function (...args) {
          const result = original.apply(this, args)
          onCall(args[0])
          return result
        }
      })
    const add = (key: unknown): void => {
      this.entries++
      if (sublevels !== undefined) this.touched.add(sublevels.ofKey(key))
    }
    watch('_put', add)
    watch('_del', add)
    watch('_add', (entry) => add((entry as { readonly key?: unknown } | null | undefined)?.key))
    watch('_clear', () => {
      this.entries = 0
      this.touched.clear()
    })
  }
}

/** Returns the number of entries of a chained batch; 0 if it does not say. */
function readLength(batch: object): number {
  try {
    const length: unknown = Reflect.get(batch, 'length')
    return Number.isSafeInteger(length) && Number(length) > 0 ? Number(length) : 0
  } catch {
    return 0
  }
}

function undoSafely(patch: MethodPatch): void {
  try {
    patch.undo()
  } catch {
    // A proxy that forbids it, as it forbade to wrap.
  }
}
