/** The parts of a rocksdb-native database that the adapter uses; the package itself is not loaded. */
export interface Database {
  readonly path: string
  readonly opened: boolean
  readonly _state: State
  isRoot(): boolean
  getProperty(name: string): Promise<string | undefined>
}

/** The state that a database shares with its column families, sessions and snapshots. */
export interface State {
  readonly opened: boolean
  readonly closing: Promise<void> | null
  readonly closed: boolean
  /** Not null while the database is suspended: calls wait for it. */
  readonly resumed: unknown
  /** The database and everything made from it that is not closed. */
  readonly sessions: readonly Database[]
  readonly columnFamilies: readonly object[]
}

const methods = ['get', 'put', 'delete', 'deleteRange', 'read', 'write', 'iterator', 'session', 'isRoot', 'getProperty']
const stateMethods = ['addSession', 'removeSession', '_open', '_close']

/** Returns whether the object is a database of rocksdb-native, or a session of one, by its shape. */
export function isDatabase(store: object): store is Database {
  const state: unknown = Reflect.get(store, '_state')
  if (typeof state !== 'object' || state === null) return false
  return hasMethods(store, methods) && hasMethods(state, stateMethods) && Array.isArray(Reflect.get(state, 'sessions'))
}

function hasMethods(object: object, names: readonly string[]): boolean {
  return names.every((name) => typeof Reflect.get(object, name) === 'function')
}
