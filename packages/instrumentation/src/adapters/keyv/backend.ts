/** The methods of a backend whose failures are observed. An iterator reports its own. */
const methods: ReadonlySet<PropertyKey> = new Set([
  'get',
  'getMany',
  'set',
  'setMany',
  'delete',
  'deleteMany',
  'has',
  'hasMany',
  'clear',
])

/** Receives the failures of one call. Must not throw. */
export type FailureSink = (error: unknown) => void

const sinkKey = Symbol('@wombat/instrumentation sink')
type Observed = { readonly [sinkKey]: FailureSink }

/** Makes an object that behaves as a backend, for one call, and passes the failures of its methods on. */
export type ObserveBackend = (onFailure: FailureSink) => object

/**
 * Returns how to observe a backend; undefined if it need not be. Keyv 4 and 5 keep some failures of a backend to themselves: a get
 * returns `undefined`, one key of many is missing. The bridge that Keyv 6 puts around the backends of older versions deletes many keys
 * one by one, and emits the failures itself.
 *
 * @param emitAsPartOfCall runs what emits an error that belongs to the call.
 */
export function backendObserver(
  backend: object,
  isKeyv6: boolean,
  emitAsPartOfCall: (emit: () => unknown) => unknown,
): ObserveBackend | undefined {
  if (isKeyv6) return isBridge(backend) ? bridgeObserver(backend, emitAsPartOfCall) : undefined
  // Its methods do not fail.
  return Reflect.getPrototypeOf(backend) === Map.prototype ? undefined : methodObserver(backend)
}

interface Bridge {
  emit(event: string, ...args: unknown[]): unknown
}

function isBridge(backend: object): backend is Bridge {
  return backend.constructor?.name === 'KeyvBridgeAdapter' && typeof Reflect.get(backend, 'emit') === 'function'
}

/** The bridge's methods run on an object that inherits from it, with another `emit`. */
function bridgeObserver(bridge: Bridge, emitAsPartOfCall: (emit: () => unknown) => unknown): ObserveBackend {
  return (onFailure) =>
    Object.create(bridge, {
      emit: {
        value(event: string, ...args: unknown[]) {
          if (event === 'error') onFailure(args[0])
          return emitAsPartOfCall(() => bridge.emit(event, ...args))
        },
      },
    })
}

function methodObserver(backend: object): ObserveBackend {
  const wrappers = new Map<PropertyKey, unknown>()
  // Not the backend itself as the target: what a frozen object returns must not be replaced.
  const prototype = new Proxy(
    {},
    {
      get(_target, key) {
        const value: unknown = Reflect.get(backend, key, backend)
        if (typeof value !== 'function' || key === 'constructor') return value
        if (!wrappers.has(key)) {
          const method = value as (...args: unknown[]) => unknown
          wrappers.set(key, methods.has(key) ? observeMethod(backend, method) : method.bind(backend))
        }
        return wrappers.get(key)
      },
      set: (_target, key, value) => Reflect.set(backend, key, value, backend),
      has: (_target, key) => Reflect.has(backend, key),
      getPrototypeOf: () => Reflect.getPrototypeOf(backend),
    },
  )
  return (onFailure) => Object.create(prototype, { [sinkKey]: { value: onFailure } })
}

/** The backend gets itself as `this`: it may use private fields. */
function observeMethod(backend: object, method: (...args: unknown[]) => unknown): unknown {
  return function (this: Observed, ...args: unknown[]) {
    const { [sinkKey]: onFailure } = this
    let result: unknown
    try {
      result = method.apply(backend, args)
    } catch (error) {
      onFailure(error)
      throw error
    }
    // Keyv waits for the promise itself, and so handles its rejection.
    if (result instanceof Promise) result.catch(onFailure)
    return result
  }
}
