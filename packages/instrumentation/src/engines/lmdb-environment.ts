import { MethodPatch } from '../operations/method-patch.ts'

/** The parts of an lmdb database that are used; the package itself is not loaded. */
export interface LmdbDatabase {
  readonly status: string
  /** The name in the main database; null or absent for the main database itself. */
  readonly name?: string | null
  readonly env: LmdbEnvironment
  /** LMDB's handle. After the database was dropped or closed, by whatever handle, calling it reads another database or crashes. */
  readonly db: { readonly constructor: unknown }
}

/** The environment: what its databases share. */
export interface LmdbEnvironment {
  /** 0 after it was closed. */
  readonly address?: number
  readonly path: string
  /** Set while a write transaction of this thread is open. */
  readonly writeTxn?: unknown
}

/** Environments whose root was closed, or is being closed: lmdb first waits for pending writes. */
const closing = new WeakSet<LmdbEnvironment>()

/** Who watches the root of each environment, and the patch of its class. */
const watches = new WeakMap<LmdbEnvironment, { readonly patch: MethodPatch; users: number }>()

/**
 * Returns whether the environment may be read. While its root is being closed, its address is still there and its other
 * databases still have the status `open`, but the read transaction is freed memory. So the root must be watched.
 */
export function isEnvironmentOpen(environment: LmdbEnvironment): boolean {
  return environment.address !== 0 && !closing.has(environment)
}

/**
 * Watches the root of the database's environment, for `isEnvironmentOpen`. A database has no reference to its root, so `close`
 * is patched in the class that all databases of this environment, and no others, inherit from. Returns a function that ends
 * the watch; the last one restores the class.
 */
export function watchRoot(database: LmdbDatabase): () => void {
  const { env } = database
  let watch = watches.get(env)
  if (watch === undefined) {
    const patch = new MethodPatch(findBaseClass(database))
    patch.replace('close', (original) => {
      return function (...args) {
        if ((this as { isRoot?: unknown }).isRoot === true) closing.add(env)
        return original.apply(this, args)
      }
    })
    watch = { patch, users: 0 }
    watches.set(env, watch)
  }
  const { patch } = watch
  watch.users++
  return () => {
    const current = watches.get(env)
    if (current === undefined || --current.users > 0) return
    watches.delete(env)
    patch.undo()
  }
}

/** Returns the prototype with lmdb's own methods: each call of lmdb's `open` creates a class, which others extend. */
export function findBaseClass(database: LmdbDatabase): object {
  let base: object | undefined
  for (let at = Object.getPrototypeOf(database); at !== null; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, 'getStats')) base = at
  }
  if (base === undefined) throw new TypeError('a database of lmdb inherits getStats from its class, but this one does not')
  return base
}
