import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClassicLevel } from 'classic-level'
import { damagedKey } from './damaged-store.ts'

const keys = 40_000
const valueBytes = 400
const workers = 4
/** Operations between two rests of one worker: together they keep the load well below what two cores can do. */
const burst = 40

const anyKey = (): string => `order:${String(Math.floor(Math.random() * keys)).padStart(8, '0')}`
const anyValue = (): string => randomBytes(valueBytes / 2).toString('hex')

/** One operation of a shop's order store, picked at random: mostly reads and writes, now and then something rarer. */
async function anyOperation(store: ClassicLevel): Promise<void> {
  const dice = Math.random()
  if (dice < 0.4) await store.get(anyKey())
  else if (dice < 0.72) await store.put(anyKey(), anyValue())
  else if (dice < 0.82) await store.del(anyKey())
  else if (dice < 0.9)
    await store.batch(Array.from({ length: 20 }, () => ({ type: 'put' as const, key: anyKey(), value: anyValue() })))
  else if (dice < 0.94) await store.getMany([anyKey(), anyKey(), anyKey()])
  else if (dice < 0.97) await store.has(anyKey())
  else if (dice < 0.9995) await store.iterator({ gte: anyKey(), limit: 50 }).all()
  else await store.clear({ gte: anyKey(), limit: 100 })
}

/** Loads both stores until the signal says stop. The damaged one's errors are what they are for. */
export async function load(orders: ClassicLevel, damaged: ClassicLevel, signal: AbortSignal): Promise<void> {
  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      for (let done = 0; done < burst && !signal.aborted; done++) await anyOperation(orders)
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
