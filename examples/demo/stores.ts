import { join } from 'node:path'
import type { Monitoring } from '@wombat/monitor'
import Database from 'better-sqlite3'
import { ClassicLevel } from 'classic-level'
import { open, type RootDatabase } from 'lmdb'
import { LRUCache } from 'lru-cache'
import { createDamagedStore } from './damaged-store.ts'

/** The stores of a shop, each on another engine. */
export interface Stores extends AsyncDisposable {
  /** LevelDB, under most of the load. */
  readonly orders: ClassicLevel
  /** LevelDB with damaged data: some reads fail. */
  readonly damaged: ClassicLevel
  /** LMDB. */
  readonly products: RootDatabase<string, string>
  /** SQLite. */
  readonly invoices: Database.Database
  /** A cache in memory. */
  readonly sessions: LRUCache<string, string>
}

/** Creates the stores in a folder and measures them. */
export async function openStores({ instrument }: Monitoring, folder: string): Promise<Stores> {
  await createDamagedStore(join(folder, 'damaged'))
  // A small memtable, so that flushes and compactions are frequent.
  const orders = instrument(new ClassicLevel(join(folder, 'orders'), { writeBufferSize: 2 ** 20 }), { name: 'orders' })
  const damaged = instrument(new ClassicLevel(join(folder, 'damaged')), { name: 'damaged' })
  const products = instrument(open<string, string>({ path: join(folder, 'products') }), { name: 'products' })
  const invoices = instrument(new Database(join(folder, 'invoices.db')), { name: 'invoices' })
  invoices.pragma('journal_mode = WAL')
  invoices.exec('create table invoice (number integer primary key, customer text not null, cents integer not null)')
  const sessions = instrument(
    new LRUCache<string, string>({ maxSize: 30_000, sizeCalculation: (value, key) => key.length + value.length }),
    { name: 'sessions' },
  )
  const close = async (): Promise<void> => {
    await Promise.all([orders.close(), damaged.close(), products.close()])
    invoices.close()
  }
  return { orders, damaged, products, invoices, sessions, [Symbol.asyncDispose]: close }
}
