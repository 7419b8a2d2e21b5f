import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type Database from 'better-sqlite3'
import type { ClassicLevel } from 'classic-level'
import type { RootDatabase } from 'lmdb'
import type { LRUCache } from 'lru-cache'
import { damagedKey } from './damaged-store.ts'
import type { Stores } from './stores.ts'

const keys = 40_000
const valueBytes = 400
/** With more operations in flight than the pool has threads, nobody could tell who keeps it busy. */
const workers = 2
/** Operations between two pauses of a worker. They keep the load well below the capacity of two cores. */
const burst = 80
/** Operations on each of the smaller stores between two pauses. */
const smallBurst = 20

const randomKey = (): string => `order:${String(Math.floor(Math.random() * keys)).padStart(8, '0')}`
const randomValue = (): string => randomBytes(valueBytes / 2).toString('hex')
const randomBelow = (limit: number): number => Math.floor(Math.random() * limit)

/** Runs a random operation of a shop's order store: mostly reads and writes. */
async function randomOperation(store: ClassicLevel): Promise<void> {
  const random = Math.random()
  if (random < 0.4) await store.get(randomKey())
  else if (random < 0.72) await store.put(randomKey(), randomValue())
  else if (random < 0.82) await store.del(randomKey())
  else if (random < 0.9)
    await store.batch(Array.from({ length: 20 }, () => ({ type: 'put' as const, key: randomKey(), value: randomValue() })))
  else if (random < 0.94) await store.getMany([randomKey(), randomKey(), randomKey()])
  else if (random < 0.97) await store.has(randomKey())
  else if (random < 0.9995) await store.iterator({ gte: randomKey(), limit: 50 }).all()
  else await store.clear({ gte: randomKey(), limit: 100 })
}

async function changeProducts(products: RootDatabase<string, string>): Promise<void> {
  for (let done = 0; done < smallBurst; done++) products.get(`product:${randomBelow(5000)}`)
  await products.put(`product:${randomBelow(5000)}`, randomValue())
}

function changeInvoices(invoices: Database.Database): void {
  const insert = invoices.prepare('insert into invoice (customer, cents) values (?, ?)')
  const select = invoices.prepare('select * from invoice where number = ?')
  invoices.transaction(() => {
    const { lastInsertRowid } = insert.run(`customer ${randomBelow(1000)}`, randomBelow(100_000))
    for (let done = 0; done < smallBurst; done++) select.get(randomBelow(Number(lastInsertRowid)))
  })()
}

/** More sessions than the cache holds: some are missed. */
function useSessions(sessions: LRUCache<string, string>): void {
  for (let done = 0; done < smallBurst; done++) {
    const key = `session:${Math.floor(randomBelow(3000) * Math.random())}`
    if (sessions.get(key) === undefined) sessions.set(key, 'cart')
  }
}

/** Runs operations on all stores until the signal is aborted. The damaged store is there for its errors. */
export async function load(stores: Stores, signal: AbortSignal): Promise<void> {
  const { orders, damaged, products, invoices, sessions } = stores
  const repeat = async (pauseMs: number, work: () => unknown): Promise<void> => {
    while (!signal.aborted) {
      await work()
      await sleep(pauseMs)
    }
  }
  const work = async (): Promise<void> => {
    for (let done = 0; done < burst && !signal.aborted; done++) await randomOperation(orders)
  }
  await Promise.all([
    ...Array.from({ length: workers }, () => repeat(20, work)),
    repeat(50, () => damaged.get(damagedKey(randomBelow(1e6))).catch(() => {})),
    repeat(50, () => changeProducts(products)),
    repeat(100, () => changeInvoices(invoices)),
    repeat(50, () => useSessions(sessions)),
  ])
}
