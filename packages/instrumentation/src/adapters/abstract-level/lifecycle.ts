import type { LevelDBReader } from '../../engines/leveldb/reader.ts'
import type { Method, MethodPatch } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import type { Dialect } from './dialect.ts'

/** A database that reports its status. */
interface Opening {
  readonly status: string
}

/**
 * Follows the openings and closings of a database, and tells them to the reader of its engine. A database that was opening
 * already when it was measured calls no wrapped method when it is open: that is seen at the next collection, or when
 * `onOpen` is called.
 */
export class LevelLifecycle {
  readonly #store: Opening
  readonly #context: StoreContext
  readonly #reader: LevelDBReader | undefined
  /** `unseen`: it was opening when it was measured, and since then no wrapped method was called. */
  #state: 'unseen' | 'open' | 'closed'

  constructor(store: Opening, context: StoreContext, reader: LevelDBReader | undefined) {
    this.#store = store
    this.#context = context
    this.#reader = reader
    this.#state = store.status === 'opening' ? 'unseen' : store.status === 'open' ? 'open' : 'closed'
  }

  /** Wraps the methods that open and close the database. `onClosed` runs each time it was closed. */
  patch(patch: MethodPatch, dialect: Dialect, onClosed: () => void = () => {}): void {
    const context = this.#context
    patch.replace('_open', (original) => {
      const wrapped = dialect.wrapLifecycle(context, 'open', original, () => this.onOpen())
      return onCall(wrapped, () => {
        this.#state = 'closed'
      })
    })
    patch.replace('_close', (original) => {
      const wrapped = dialect.wrapLifecycle(context, 'close', original, () => {
        this.#state = 'closed'
        this.#reader?.onClose()
        onClosed()
      })
      // Only an open database is closed.
      return onCall(wrapped, () => this.onOpen())
    })
  }

  /** The database is open. Later calls do nothing until it was closed. */
  onOpen(): void {
    if (this.#state === 'open') return
    this.#state = 'open'
    this.#context.recordOpened()
    this.#reader?.onOpen()
  }

  /** Reads the engine's metrics. */
  collect(): Promise<void> | undefined {
    const { status } = this.#store
    if (this.#state === 'unseen' && status === 'open') this.onOpen()
    if (this.#state === 'unseen' && (status === 'closed' || status === 'new')) {
      // It was not open in between: its closing would have been seen. Only the caller of `open` knows the error.
      this.#state = 'closed'
      this.#context.recordLifecycleError('open', undefined)
    }
    return this.#reader?.collect()
  }

  /** Stops reading the engine's metrics. */
  close(): void {
    this.#reader?.close()
  }
}

/** Returns a method that calls `run` before it. */
function onCall(method: Method, run: () => void): Method {
  return function (...args) {
    run()
    return method.apply(this, args)
  }
}
