import type { ReadProperty } from '../../engines/rocksdb/properties.ts'
import type { StoreContext } from '../../operations/store-context.ts'
import type { Database } from './database.ts'

/**
 * Reads the engine's properties of the column families of one database. Properties that the installed version does not report are
 * unknown, which is reported once.
 */
export class ColumnFamilies {
  readonly #database: Database
  readonly #context: StoreContext

  constructor(database: Database, context: StoreContext) {
    this.#database = database
    this.#context = context
  }

  /** Returns a reader for each column family, the default one first; none if the database reports no properties. */
  readers(): readonly ReadProperty[] {
    const { columnFamilies } = this.#database._state
    if (typeof this.#database.getProperty === 'function' && Array.isArray(columnFamilies)) {
      return columnFamilies.map((family: unknown, index) => this.#createReader(family, index === 0))
    }
    this.#report('memory, levels, stalls and other properties of the engine are absent')
    return []
  }

  /** Reads properties as a session of the column family would. A real session would be visible to the database's owner. */
  #createReader(family: unknown, isDefault: boolean): ReadProperty {
    // Older versions return a property of the default column family, whichever one is asked.
    let isOfFamily = isDefault
    const view: Required<Database> = Object.create(this.#database, {
      _columnFamily: {
        get: () => {
          isOfFamily = true
          return family
        },
      },
    })
    return async (property) => {
      if (typeof family !== 'object' || family === null) return undefined
      const value: unknown = await view.getProperty(`rocksdb.${property}`)
      if (isOfFamily) return typeof value === 'string' ? value : undefined
      this.#report('sizes, levels and stalls are absent because the database has several column families')
      return undefined
    }
  }

  #report(what: string): void {
    const { name, registry } = this.#context
    registry.warnOnce(
      `properties of RocksDB ${name}`,
      `store ${name}: ${what}: the installed version of rocksdb-native does not report them, update it to 3.18.1 or later`,
    )
  }
}
