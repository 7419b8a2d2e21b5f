import type { MethodPatch } from '../../operations/method-patch.ts'

type Emit = (this: unknown, event: string, ...args: unknown[]) => unknown
type Hook = (event: string, ...args: unknown[]) => unknown

const failure = Symbol('@wombat/instrumentation failure')

/** The `this` of one call of a Keyv. */
export interface CallView {
  /** The first error that was emitted in this call. */
  [failure]?: { readonly error: unknown }
}

/**
 * Attributes emitted errors to calls. If its backend fails, Keyv emits `error`, and returns `undefined` or `false` if the
 * event has a listener; the event does not identify the call. So each call gets a view as its `this`: an object that
 * inherits everything from the Keyv except `emit`. What is emitted through a view belongs to its call, and so do the calls
 * that the call itself makes (to delete an expired key). Hooks belong to the user; they get the Keyv itself.
 *
 * A Keyv of a derived class gets no view: methods of that class may use private fields, which are not inherited. Its
 * errors, and errors that a backend emits on its own, belong to no call.
 */
export class KeyvCalls {
  readonly #store: object
  readonly #view: object | undefined
  #isEmittedByCall = false

  /** @param onBackgroundError runs for each error that belongs to no call. */
  constructor(store: object, patch: MethodPatch, onBackgroundError: () => void) {
    this.#store = store
    const isEmittedByCall = (): boolean => this.#isEmittedByCall
    patch.replace('emit', (emit) => {
      return function (this: unknown, ...args) {
        const [event] = args as unknown as [string]
        // Without a listener it throws, and the code that emitted the error fails.
        const result = emit.apply(this, args)
        if (event === 'error' && !isEmittedByCall()) onBackgroundError()
        return result
      }
    })
    if (!isDerived(store)) this.#view = this.#makeView(store as { emit: Emit; hook: Hook })
  }

  /** Returns the `this` of a call that begins now. */
  begin(receiver: unknown): CallView {
    if (this.#view === undefined || receiver !== this.#store) return receiver as CallView
    return Object.create(this.#view)
  }

  /** Returns whether `receiver` is the view of a call that is measured already. */
  isNested(receiver: unknown): boolean {
    return this.#view !== undefined && Object.prototype.isPrototypeOf.call(this.#view, receiver as object)
  }

  /** Returns the first error emitted through the view; undefined if there was none. */
  failureIn(view: CallView): { readonly error: unknown } | undefined {
    return this.isNested(view) ? view[failure] : undefined
  }

  #makeView(store: { emit: Emit; hook: Hook }): object {
    const emit = (view: CallView, event: string, args: unknown[]): unknown => {
      if (event === 'error') view[failure] ??= { error: args[0] }
      const before = this.#isEmittedByCall
      this.#isEmittedByCall = true
      try {
        return store.emit(event, ...args)
      } finally {
        this.#isEmittedByCall = before
      }
    }
    return Object.create(store, {
      emit: {
        value(this: CallView, event: string, ...args: unknown[]) {
          return emit(this, event, args)
        },
      },
      hook: { value: (event: string, ...args: unknown[]) => store.hook(event, ...args) },
    })
  }
}

/** Returns whether the store's class is derived from Keyv: Keyv's own prototype has all of these methods. */
export function isDerived(store: object): boolean {
  const prototype = Reflect.getPrototypeOf(store)
  return prototype === null || !['get', 'set', 'delete', 'clear', 'getMany'].every((name) => Object.hasOwn(prototype, name))
}
