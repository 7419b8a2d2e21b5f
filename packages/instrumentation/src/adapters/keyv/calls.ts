import type { MethodPatch } from '../../operations/method-patch.ts'
import { backendObserver, type ObserveBackend } from './backend.ts'

type Emit = (this: unknown, event: string, ...args: unknown[]) => unknown
type Hook = (event: string, ...args: unknown[]) => unknown

const failure = Symbol('@wombat/instrumentation failure')
const observedBackend = Symbol('@wombat/instrumentation backend')
const observedOptions = Symbol('@wombat/instrumentation options')

/** The `this` of one call of a Keyv. */
export interface CallView {
  /** The first error of the backend, or that was emitted, in this call. */
  [failure]?: { readonly error: unknown }
  [observedBackend]?: object
  [observedOptions]?: object
}

/** The places at which Keyv keeps its backend: `_store` in version 6, `opts.store` in version 4, and both in version 5. */
interface BackendHolder {
  _store?: object
  readonly opts?: { store?: object }
}

/** Returns the backend of a Keyv of any version, or Keyv's own adapter around it. */
export function findBackend(store: object): object | undefined {
  const { _store, opts } = store as BackendHolder
  return _store ?? opts?.store
}

/**
 * Attributes emitted errors to calls. If its backend fails, Keyv emits `error`, and returns `undefined` or `false` if the
 * event has a listener; the event does not identify the call. So each call gets a view as its `this`: an object that
 * inherits everything from the Keyv except `emit` and the backend, of which some failures are kept from everyone. What is emitted through a view belongs to its call, and so do the calls
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
    if (!isDerived(store)) this.#view = this.#makeView(store as BackendHolder & { emit: Emit; hook?: Hook })
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

  #makeView(store: BackendHolder & { emit: Emit; hook?: Hook }): object {
    const emit = (view: CallView, event: string, args: unknown[]): unknown => {
      if (event === 'error') view[failure] ??= { error: args[0] }
      return this.#emitAsPartOfCall(() => store.emit(event, ...args))
    }
    return Object.create(store, {
      ...this.#backendProperties(store),
      emit: {
        value(this: CallView, event: string, ...args: unknown[]) {
          return emit(this, event, args)
        },
      },
      ...(typeof store.hook === 'function' && {
        hook: { value: (event: string, ...args: unknown[]) => store.hook?.(event, ...args) },
      }),
    })
  }

  /** Properties of the view that replace the backend by one whose failures belong to the call. */
  #backendProperties(store: BackendHolder): PropertyDescriptorMap {
    const observers = new WeakMap<object, { readonly observe: ObserveBackend | undefined }>()
    const isKeyv6 = store.opts?.store === undefined
    // The application may replace the backend at any time.
    const observe = (view: CallView, backend: object): object => {
      let entry = observers.get(backend)
      if (entry === undefined) {
        entry = { observe: backendObserver(backend, isKeyv6, (emit) => this.#emitAsPartOfCall(emit)) }
        observers.set(backend, entry)
      }
      if (entry.observe === undefined) return backend
      view[observedBackend] ??= entry.observe((error) => {
        view[failure] ??= { error }
      })
      return view[observedBackend]
    }
    return {
      ...('_store' in store && {
        _store: {
          get(this: CallView) {
            return store._store === undefined ? undefined : observe(this, store._store)
          },
          set(backend: object) {
            store._store = backend
          },
        },
      }),
      ...(store.opts !== undefined && {
        opts: {
          get(this: CallView) {
            const { opts } = store
            const backend = opts?.store
            if (opts === undefined || backend === undefined) return opts
            const observed = observe(this, backend)
            if (observed === backend) return opts
            this[observedOptions] ??= Object.create(opts, { store: { value: observed, writable: true } }) as object
            return this[observedOptions]
          },
        },
      }),
    }
  }

  #emitAsPartOfCall(emit: () => unknown): unknown {
    const before = this.#isEmittedByCall
    this.#isEmittedByCall = true
    try {
      return emit()
    } finally {
      this.#isEmittedByCall = before
    }
  }
}

/** Returns whether the store's class is derived from Keyv: Keyv's own prototype has all of these methods. */
export function isDerived(store: object): boolean {
  const prototype = Reflect.getPrototypeOf(store)
  return (
    prototype === null || !['get', 'set', 'delete', 'clear', 'has', 'disconnect'].every((name) => Object.hasOwn(prototype, name))
  )
}
