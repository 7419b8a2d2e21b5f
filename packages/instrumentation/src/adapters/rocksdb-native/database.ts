/**
 * The parts of a rocksdb-native database that the adapter uses; the package itself is not loaded. Versions differ in what is
 * optional or unknown here.
 */
export interface Database {
  readonly path: unknown
  readonly _state: State
  isRoot(): boolean
  /** From version 3.17.2 on; before 3.18.1 of the default column family only. */
  getProperty?(name: string): Promise<unknown>
}

/** The state that a database shares with its column families, sessions and snapshots. */
export interface State {
  readonly opened: boolean
  readonly closing: Promise<void> | null
  readonly closed: boolean
  /** From version 3.5.3 on: not null while the database is suspended; calls wait for it. */
  readonly resumed?: unknown
  /** The database and everything made from it that is not closed. */
  readonly sessions: readonly unknown[]
  readonly columnFamilies?: unknown
}

const methods = ['get', 'put', 'delete', 'deleteRange', 'read', 'write', 'iterator', 'session', 'isRoot']
const stateMethods = ['addSession', 'removeSession', '_open', '_close']

/** Returns whether the object is a database of rocksdb-native, or a session of one, by its shape. */
export function isDatabase(store: object): store is Database {
  const state: unknown = Reflect.get(store, '_state')
  if (typeof state !== 'object' || state === null) return false
  return hasMethods(store, methods) && hasMethods(state, stateMethods) && Array.isArray(Reflect.get(state, 'sessions'))
}

/** Returns whether the value is an object that has all these methods. */
export function hasMethods(value: unknown, names: readonly string[]): value is object {
  return typeof value === 'object' && value !== null && names.every((name) => typeof Reflect.get(value, name) === 'function')
}
