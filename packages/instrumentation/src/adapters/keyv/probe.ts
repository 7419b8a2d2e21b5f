import type { Method } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import { withoutMeasuring } from '../../operations/store-mark.ts'
import type { StoreProbe } from '../../registry/store-binding.ts'
import { findBackend, isDerived } from './calls.ts'

interface Backend {
  get(key: string): unknown
  /** The store that the backend wraps. */
  readonly store?: unknown
}

/** Removes the probe's key if the process ends before it is removed. */
const timeToLiveMs = 60_000

const methodsOfKeyv = ['get', 'set', 'delete', 'deleteMany'] as const
type Calls = Readonly<Record<(typeof methodsOfKeyv)[number], (...args: unknown[]) => Promise<unknown>>>

/**
 * Creates a probe that calls the methods of Keyv's class on a `this` that inherits everything from the Keyv except hooks and
 * events. So namespace, sanitizing and encoding apply, no hook runs, Keyv's statistics do not change, and errors that Keyv
 * would emit are thrown. Events of the backend itself still reach the Keyv.
 *
 * The probe only reads, and reads from the backend, before version 6, if the backend is in memory or unknown (it may be a bounded cache, in
 * which a new key evicts another one), or if the Keyv is of a derived class (its methods may use private fields).
 */
export function createProbe(store: object, engine: string, context: StoreContext): StoreProbe {
  const backend = (): Backend => findBackend(store) as Backend
  const unmeasured = <Result>(run: () => Result): Result => {
    const { store: inner } = backend()
    const runUnmeasured = (): Result => context.withoutMeasuring(run)
    return typeof inner === 'object' && inner !== null ? withoutMeasuring(inner, runUnmeasured) : runUnmeasured()
  }
  if (engine === 'memory' || engine === 'keyv' || isDerived(store) || !hasHooks(store)) {
    return { read: async (key) => toText(await unmeasured(() => backend().get(key))) }
  }
  const calls = createSilentCalls(store)
  return {
    read: async (key) => toText(await unmeasured(() => calls.get(key))),
    async write(key, value) {
      const isWritten = await unmeasured(() => calls.set(key, value, timeToLiveMs))
      if (isWritten === false) throw new Error('Keyv returned false for a write: the backend failed')
    },
    async remove(key) {
      await unmeasured(() => calls.delete(key))
    },
  }
}

/** In versions 4 and 5, a method cannot be called without Keyv's statistics and hooks. */
function hasHooks(store: object): boolean {
  return typeof Reflect.get(store, 'hook') === 'function'
}

/** Returns Keyv's methods on an object that runs no hooks and throws instead of emitting errors. */
function createSilentCalls(store: object): Calls {
  const own = Reflect.getPrototypeOf(store) as object
  // The class's methods: those of the instance are measured.
  const methods = methodsOfKeyv.map((name) => [name, { value: Reflect.get(own, name) as Method }])
  return Object.create(store, {
    ...Object.fromEntries(methods),
    hook: { value: async () => {} },
    emit: {
      value(event: string, error: unknown) {
        if (event === 'error') throw error
        return false
      },
    },
  })
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
