import type { MethodPatch } from '../../operations/method-patch.ts'

type Emit = (this: unknown, event: string, ...args: unknown[]) => unknown
type Hook = (event: string, ...args: unknown[]) => unknown

const failure = Symbol('@wombat/instrumentation failure')

/** A Keyv as one call of it sees it. */
export interface CallView {
  /** The first error that was emitted in this call. */
  [failure]?: { readonly error: unknown }
}

/**
 * Keyv takes a failure of its backend, emits it as `error` and, where somebody listens, answers `undefined` or `false`. The
 * event does not say of which call it is. So each call gets a `this` of its own, which inherits everything from the Keyv but
 * `emit`: what is emitted through it is of this call, whatever else runs at the time. What a call does through it (to delete
 * what has expired) is part of the call as well. Hooks are the user's: they get the Keyv itself.
 *
 * A Keyv of a derived class gets no such `this`, because methods of that class may look for private fields, which are not
 * inherited. There, and where a backend emits an error by itself, the error is of no call.
 */
export class KeyvCalls {
  readonly #store: object
  readonly #view: object | undefined
  #isEmittedByCall = false

  /** @param failedAlone is told of every error that is of no call. */
  constructor(store: object, patch: MethodPatch, failedAlone: () => void) {
    this.#store = store
    const isOfCall = (): boolean => this.#isEmittedByCall
    patch.replace('emit', (emit) => {
      return function (this: unknown, ...args) {
        const [event] = args as unknown as [string]
        // Where nobody listens it throws, and whoever emitted it has the error to answer for.
        const result = emit.apply(this, args)
        if (event === 'error' && !isOfCall()) failedAlone()
        return result
      }
    })
    if (!isDerived(store)) this.#view = this.#makeView(store as { emit: Emit; hook: Hook })
  }

  /** The `this` of a call that begins now. */
  begin(receiver: unknown): CallView {
    if (this.#view === undefined || receiver !== this.#store) return receiver as CallView
    return Object.create(this.#view)
  }

  /** Whether it is called by a call that is measured already. */
  isNested(receiver: unknown): boolean {
    return this.#view !== undefined && Object.prototype.isPrototypeOf.call(this.#view, receiver as object)
  }

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

/** Keyv's own class has all of its methods in one place. */
export function isDerived(store: object): boolean {
  const prototype = Reflect.getPrototypeOf(store)
  return prototype === null || !['get', 'set', 'delete', 'clear', 'getMany'].every((name) => Object.hasOwn(prototype, name))
}
