import { nowMs } from '../clock.ts'
import type { StoreOperations } from '../store-operations.ts'
import type { Method } from '../timed.ts'
import type { CallView, KeyvCalls } from './keyv-call.ts'

type Entries = AsyncGenerator<unknown, unknown>

/**
 * `iterator`, so that each iterator becomes one scan: recorded when it ends, with the time the store took to deliver (not the
 * time its reader took in between) and the entries delivered. While a read is outstanding the scan is in flight. An iterator
 * that nobody reads is no scan.
 */
export function measureIterator(operations: StoreOperations, calls: KeyvCalls, original: Method): Method {
  return function (...args) {
    if (!operations.measures || calls.isPart(this)) return original.apply(this, args)
    const view = calls.begin(this)
    const entries = original.apply(view, args) as Entries
    new Scan(operations, () => calls.failureIn(view)).follow(entries)
    return entries
  }
}

class Scan {
  readonly #operations: StoreOperations
  readonly #failure: () => CallView[keyof CallView]
  #busyMs = 0
  #entries = 0
  #state: 'new' | 'open' | 'ended' = 'new'

  constructor(operations: StoreOperations, failure: () => { readonly error: unknown } | undefined) {
    this.#operations = operations
    this.#failure = failure
  }

  follow(entries: Entries): void {
    const { next, return: end, throw: giveUp } = entries
    const property = (value: unknown) => ({ value, configurable: true, writable: true, enumerable: false })
    const ending = (original: (...args: never[]) => unknown) =>
      property((...args: never[]) => {
        this.#end()
        return original.apply(entries, args)
      })
    Object.defineProperties(entries, {
      next: property((...args: [] | [unknown]) => this.#read(() => next.apply(entries, args))),
      return: ending(end),
      throw: ending(giveUp),
    })
  }

  #read(next: () => Promise<IteratorResult<unknown>>): Promise<IteratorResult<unknown>> {
    if (this.#state === 'ended') return next()
    if (this.#state === 'new') this.#operations.openIterators++
    this.#state = 'open'
    const { inFlight } = this.#operations
    const read = inFlight.begin()
    const settled = (): void => {
      this.#busyMs += nowMs() - read.startMs
      inFlight.remove(read)
    }
    return next().then(
      (result) => {
        settled()
        if (result.done === true) this.#end(this.#failure())
        else this.#entries++
        return result
      },
      (error: unknown) => {
        settled()
        this.#end({ error })
        throw error
      },
    )
  }

  #end(failure?: { readonly error: unknown }): void {
    if (this.#state !== 'open') return
    this.#state = 'ended'
    this.#operations.openIterators--
    const recorder = this.#operations.recorder('scan')
    if (failure === undefined) recorder.succeed(this.#busyMs / 1000, this.#entries)
    else recorder.fail(this.#busyMs / 1000, failure.error)
  }
}
