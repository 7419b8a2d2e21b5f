import type { PendingOperation } from '../../operations/in-flight.ts'
import { type Method, MethodPatch } from '../../operations/method-patch.ts'
import type { OperationRecorder } from '../../operations/recorder.ts'
import { ScanOperation } from '../../operations/scan.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { type CallOutcome, callWithCallback, endsWithCallback } from '../../operations/wrap-callback.ts'
import { followResult } from '../../operations/wrap-method.ts'
import { hasMethods } from './database.ts'

/** The methods of a stream of entries that are wrapped. */
const streamMethods = ['_open', '_read', 'push', '_destroy']

/**
 * The iterators of one database: each is one scan, which ends when the stream is destroyed; a stream destroys itself at its end.
 * Its entries are those that the engine delivered, including those that the stream read ahead.
 */
export class Iterators {
  readonly #context: StoreContext
  readonly #recorder: OperationRecorder
  readonly #measured = new WeakSet<object>()

  constructor(context: StoreContext) {
    this.#context = context
    this.#recorder = context.recorder('scan')
  }

  /** Wraps a method that creates iterators. */
  wrap(original: Method): Method {
    const [context, recorder] = [this.#context, this.#recorder]
    const measure = (iterator: unknown, operation: ScanOperation): boolean => this.#measure(iterator, operation)
    return function (...args) {
      if (!context.isMeasuring) return original.apply(this, args)
      const operation = new ScanOperation(context, recorder)
      let iterator: unknown
      try {
        iterator = operation.runSync(() => original.apply(this, args))
      } catch (error) {
        operation.end()
        throw error
      }
      if (!measure(iterator, operation)) operation.discard()
      return iterator
    }
  }

  /**
   * Measures the scan of an iterator. A database may return anything, or an iterator that it has returned before. Returns false if
   * it cannot be measured, or is already.
   */
  #measure(iterator: unknown, operation: ScanOperation): boolean {
    let patch: MethodPatch | undefined
    try {
      if (hasMethods(iterator, streamMethods)) {
        if (this.#measured.has(iterator)) return false
        patch = new MethodPatch(iterator)
        new Scan(this.#context, operation).attach(iterator, patch, () => this.#measured.delete(iterator))
        this.#measured.add(iterator)
        return true
      }
    } catch {
      // It is frozen, or a proxy that throws.
      patch?.undo()
    }
    const { name, registry } = this.#context
    registry.warnOnce(
      `scan of RocksDB ${name}`,
      `store ${name}: a scan is not measured if the iterator cannot be wrapped: it must be an extensible stream with the methods ${streamMethods.join(', ')}`,
    )
    return false
  }
}

/** The scan of one iterator. The store's context holds it while it is open, so it must not reference the iterator. */
class Scan {
  readonly #context: StoreContext
  readonly #operation: ScanOperation
  #pending: PendingOperation | undefined
  /** Observes what `_open()` and `_read()` return. They are done before the read is. */
  readonly #start = { succeeded: (): void => {}, failed: (error: unknown): void => this.#settle({ error }) }

  constructor(context: StoreContext, operation: ScanOperation) {
    this.#context = context
    this.#operation = operation
    // A read of an iterator that was garbage collected.
    operation.beforeEnd = () => this.#settle()
  }

  attach(iterator: object, patch: MethodPatch, onDestroy: () => void): void {
    const operation = this.#operation
    patch.replace('_open', (open) => this.#wrapRead(open))
    patch.replace('_read', (read) => this.#wrapRead(read))
    patch.replace('push', (push) => {
      return function (this: unknown, ...args) {
        // A stream signals its end by pushing null.
        if ((args as unknown[])[0] !== null) operation.entries++
        return push.apply(this, args)
      }
    })
    patch.replace('_destroy', (destroy) => {
      const scan = this
      return function (this: unknown, ...args) {
        patch.undo()
        onDestroy()
        scan.#end()
        return destroy.apply(this, args)
      }
    })
    operation.open(iterator)
  }

  /** Opening and reading take a callback; the scan is in flight until it is called. */
  #wrapRead(original: Method): Method {
    const scan = this
    const settle = (_subject: undefined, { isFailed, error }: CallOutcome): void => scan.#settle(isFailed ? { error } : undefined)
    return function (this: unknown, ...args) {
      const operation = scan.#operation
      if (!endsWithCallback(args) || scan.#pending !== undefined || operation.isEnded) return original.apply(this, args)
      scan.#pending = operation.beginRead()
      // If the database cannot be opened, it rejects, and the callback is not called.
      return followResult(callWithCallback(scan.#context, original, this, args, settle, undefined), scan.#start)
    }
  }

  #settle(failure?: { readonly error: unknown }): void {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    this.#operation.endRead(pending, failure)
  }

  #end(): void {
    this.#settle()
    if (this.#context.isMeasuring) this.#operation.end()
    else this.#operation.discard()
  }
}
