import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClassicLevel } from 'classic-level'
import { damagedKey } from './damaged-store.ts'

const keys = 40_000
const valueBytes = 400
const workers = 4
/** Operations between two pauses of a worker. They keep the load well below the capacity of two cores. */
const burst = 40

const randomKey = (): string => `order:${String(Math.floor(Math.random() * keys)).padStart(8, '0')}`
const randomValue = (): string => randomBytes(valueBytes / 2).toString('hex')

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

/** Runs operations on both stores until the signal is aborted. The damaged store is there for its errors. */
export async function load(orders: ClassicLevel, damaged: ClassicLevel, signal: AbortSignal): Promise<void> {
  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      for (let done = 0; done < burst && !signal.aborted; done++) await randomOperation(orders)
      await sleep(20)
    }
  }
  const read = async (): Promise<void> => {
    while (!signal.aborted) {
      await damaged.get(damagedKey(Math.floor(Math.random() * 1e6))).catch(() => {})
      await sleep(50)
    }
  }
  await Promise.all([...Array.from({ length: workers }, work), read()])
}
