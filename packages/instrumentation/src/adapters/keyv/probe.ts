import type { Method } from '../../operations/method-patch.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import type { StoreProbe } from '../../registry/measured-stores.ts'
import { withoutMeasuring } from '../operations-of.ts'
import { isDerived } from './calls.ts'

interface Backend {
  get(key: string): unknown
  /** What it is an adapter around. */
  readonly store?: unknown
}

/** Should we end between writing a key and removing it, it is gone after this. */
const keptMs = 60_000

const methodsOfKeyv = ['get', 'set', 'delete', 'deleteMany'] as const
type Calls = Readonly<Record<(typeof methodsOfKeyv)[number], (...args: unknown[]) => Promise<unknown>>>

/**
 * By the methods of Keyv's class on a `this` of its own, which inherits everything from the Keyv but its hooks and events: so
 * namespace, sanitizing and encoding are as always, no hook runs, Keyv's statistics do not count, and an error that Keyv
 * would keep from its caller and emit is thrown. What a backend emits by itself reaches the Keyv, and is not kept from it.
 *
 * Read only, past Keyv at the backend: in memory, and where nobody knows what is behind it, because it may be a bounded
 * cache, in which a new key puts out another one; and in a Keyv of a derived class, whose methods may look for private fields.
 */
export function keyvProbe(store: { readonly store: object }, engine: string, context: StoreContext): StoreProbe {
  const unmeasured = <Result>(run: () => Result): Result => {
    const { store: inner } = store.store as Backend
    const all = (): Result => context.withoutMeasuring(run)
    return typeof inner === 'object' && inner !== null ? withoutMeasuring(inner, all) : all()
  }
  if (engine === 'memory' || engine === 'keyv' || isDerived(store)) {
    return { read: async (key) => textOf(await unmeasured(() => (store.store as Backend).get(key))) }
  }
  const calls = callsUnseen(store)
  return {
    read: async (key) => textOf(await unmeasured(() => calls.get(key))),
    async write(key, value) {
      const isWritten = await unmeasured(() => calls.set(key, value, keptMs))
      if (isWritten === false) throw new Error('the backend said that the write failed')
    },
    async remove(key) {
      await unmeasured(() => calls.delete(key))
    },
  }
}

function callsUnseen(store: object): Calls {
  const own = Reflect.getPrototypeOf(store) as object
  // The instance's methods are measured; those of the class are what they were.
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

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
