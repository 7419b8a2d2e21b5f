import type { PendingOperation } from '../../operations/in-flight.ts'
import type { Method } from '../../operations/method-patch.ts'
import { MethodPatch } from '../../operations/method-patch.ts'
import { ScanOperation } from '../../operations/scan.ts'
import type { StoreContext } from '../../operations/store-context.ts'

type Callback = (error?: unknown) => void

/**
 * Wraps a method that creates iterators: each iterator is one scan, which ends when the stream is destroyed; a stream
 * destroys itself at its end. Its entries are those that the engine delivered, including those that the stream read ahead.
 */
export function measureIterator(context: StoreContext, original: Method): Method {
  const recorder = context.recorder('scan')
  return function (...args) {
    if (!context.isMeasuring) return original.apply(this, args)
    const operation = new ScanOperation(context, recorder)
    let iterator: object
    try {
      iterator = operation.runSync(() => original.apply(this, args)) as object
    } catch (error) {
      operation.end()
      throw error
    }
    new Scan(context, operation).attach(iterator)
    return iterator
  }
}

/** The scan of one iterator. */
class Scan {
  readonly #context: StoreContext
  readonly #operation: ScanOperation
  #pending: PendingOperation | undefined

  constructor(context: StoreContext, operation: ScanOperation) {
    this.#context = context
    this.#operation = operation
  }

  attach(iterator: object): void {
    const operation = this.#operation
    operation.open(iterator)
    const patch = new MethodPatch(iterator)
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
        scan.#end()
        return destroy.apply(this, args)
      }
    })
  }

  /** Opening and reading take a callback; the scan is in flight until it is called. */
  #wrapRead(original: Method): Method {
    const scan = this
    return function (this: unknown, ...args) {
      const [done] = args as unknown as [Callback]
      scan.#pending = scan.#operation.beginRead()
      const settle: Callback = (error) => {
        scan.#settle(error)
        done(error)
      }
      return original.apply(this, [settle] as never[])
    }
  }

  #settle(error: unknown): void {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    this.#operation.endRead(pending, error ? { error } : undefined)
  }

  #end(): void {
    this.#settle(undefined)
    if (this.#context.isMeasuring) this.#operation.end()
    else this.#operation.discard()
  }
}
