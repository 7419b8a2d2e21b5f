import { resolve } from 'node:path'
import type { ReadProperty } from '../../engines/rocksdb/properties.ts'
import type { RocksDBHandle } from '../../engines/rocksdb/reader.ts'

/** The parts of a rocksdb-native database that we look at; the package itself is never loaded. */
export interface Database {
  readonly path: string
  readonly opened: boolean
  readonly _state: State
  isRoot(): boolean
  getProperty(name: string): Promise<string | undefined>
}

/** What a database, its column families, sessions and snapshots share. */
export interface State {
  /** The database that was opened. */
  readonly db: Database
  readonly opened: boolean
  readonly closing: Promise<void> | null
  readonly closed: boolean
  /** While the database is suspended: whatever is asked waits for this. */
  readonly resumed: unknown
  /** The database and everything made of it that is not closed. */
  readonly sessions: readonly Database[]
  readonly columnFamilies: readonly object[]
}

const methods = ['get', 'put', 'delete', 'deleteRange', 'read', 'write', 'iterator', 'session', 'isRoot', 'getProperty']
const stateMethods = ['addSession', 'removeSession', '_open', '_close']

/** Whether it is a database of rocksdb-native, or a session of one, seen from its shape. */
export function isDatabase(store: object): store is Database {
  const state: unknown = Reflect.get(store, '_state')
  if (typeof state !== 'object' || state === null) return false
  return hasMethods(store, methods) && hasMethods(state, stateMethods) && Array.isArray(Reflect.get(state, 'sessions'))
}

function hasMethods(object: object, names: readonly string[]): boolean {
  return names.every((name) => typeof Reflect.get(object, name) === 'function')
}

/**
 * How its engine is asked. It holds the database weakly, because readers and gauges live on in the registry: one that is
 * dropped stays free to be collected, and counts as closed.
 */
export function handleOf(database: Database): RocksDBHandle {
  const held = new WeakRef(database)
  return {
    directory: resolve(database.path),
    status() {
      const state = held.deref()?._state
      if (state === undefined || state.closed) return 'closed'
      if (state.closing !== null) return 'silent'
      if (!state.opened) return 'opening'
      return state.resumed === null ? 'open' : 'silent'
    },
    families() {
      const open = held.deref()
      return open === undefined ? [] : open._state.columnFamilies.map((family) => askFor(open, family))
    },
  }
}

/** Asks as if for a session of this column family, without opening one: that would be one more for its owner to see. */
function askFor(database: Database, family: object): ReadProperty {
  const view = Object.create(database, { _columnFamily: { value: family } }) as Database
  return (property) => view.getProperty(`rocksdb.${property}`)
}
