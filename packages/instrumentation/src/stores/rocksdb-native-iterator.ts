import { nowMs } from '../clock.ts'
import { MethodPatch } from '../method-patch.ts'
import type { OperationRecorder } from '../operation-recorder.ts'
import type { PendingOperation } from '../operations-in-flight.ts'
import type { StoreOperations } from '../store-operations.ts'
import type { Method } from '../timed.ts'

type Callback = (error?: unknown) => void

/**
 * A method that makes an iterator, so that each iterator becomes one scan: recorded when it is destroyed, which the stream
 * does by itself at its end. Its time is what the store took to open it and to deliver, not what its reader took in
 * between; its entries are those the engine delivered, of which the stream reads some ahead.
 */
export function measureIterator(operations: StoreOperations, original: Method): Method {
  const recorder = operations.recorder('scan')
  return function (...args) {
    if (!operations.measures) return original.apply(this, args)
    const startMs = nowMs()
    let iterator: object
    try {
      iterator = original.apply(this, args) as object
    } catch (error) {
      recorder.fail((nowMs() - startMs) / 1000, error)
      throw error
    }
    new Scan(operations, recorder).follow(iterator)
    return iterator
  }
}

class Scan {
  readonly #operations: StoreOperations
  readonly #recorder: OperationRecorder
  #pending: PendingOperation | undefined
  #busyMs = 0
  #entries = 0
  #failure: { error: unknown } | undefined

  constructor(operations: StoreOperations, recorder: OperationRecorder) {
    this.#operations = operations
    this.#recorder = recorder
  }

  follow(iterator: object): void {
    this.#operations.openIterators++
    const patch = new MethodPatch(iterator)
    patch.replace('_open', (open) => this.#reading(open))
    patch.replace('_read', (read) => this.#reading(read))
    patch.replace('push', (push) => {
      const scan = this
      return function (this: unknown, ...args) {
        // The end is pushed as null.
        if ((args as unknown[])[0] !== null) scan.#entries++
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

  /** Opening and reading call back when they are done; meanwhile the scan is in flight. */
  #reading(original: Method): Method {
    const scan = this
    return function (this: unknown, ...args) {
      const [done] = args as unknown as [Callback]
      scan.#pending = scan.#operations.inFlight.begin()
      const settled: Callback = (error) => {
        scan.#settle(error)
        done(error)
      }
      return original.apply(this, [settled] as never[])
    }
  }

  #settle(error: unknown): void {
    const pending = this.#pending
    if (pending === undefined) return
    this.#pending = undefined
    this.#busyMs += nowMs() - pending.startMs
    this.#operations.inFlight.remove(pending)
    if (error) this.#failure = { error }
  }

  #end(): void {
    this.#settle(undefined)
    this.#operations.openIterators--
    if (!this.#operations.measures) return
    if (this.#failure === undefined) this.#recorder.succeed(this.#busyMs / 1000, this.#entries)
    else this.#recorder.fail(this.#busyMs / 1000, this.#failure.error)
  }
}
