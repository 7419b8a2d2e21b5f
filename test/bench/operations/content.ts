import { randomNumbers, shuffled } from '../random.ts'
import type { Entry, Range } from './operations.ts'

/** What is in a store, and what it is asked: the same in every run, and in random order, or one step would prepare the next. */
export interface Content {
  /** In the order in which the store is filled. */
  readonly entries: readonly Entry[]
  /** In another order: entries filled one after the other lie side by side in memory. */
  readonly asked: readonly Entry[]
  readonly batches: ReadonlyArray<Entry[]>
  readonly ranges: readonly Range[]
}

export const entriesPerScan = 500
const entriesPerBatch = 10
const valueLength = 100

export function contentOf(size: number): Content {
  const random = randomNumbers(size)
  const keys = Array.from({ length: size }, (_, number) => `key-${String(number).padStart(12, '0')}`)
  const entries = shuffled(keys, random).map((key): Entry => ({ type: 'put', key, value: valueFor(key, random()) }))
  const asked = shuffled(entries, random)
  const batches = Array.from({ length: Math.floor(size / entriesPerBatch) }, (_, index) =>
    asked.slice(index * entriesPerBatch, (index + 1) * entriesPerBatch),
  )
  const ranges = Array.from({ length: 200 }, () => ({
    gte: keys[Math.floor(random() * (size - entriesPerScan))] as string,
    limit: entriesPerScan,
  }))
  return { entries, asked, batches, ranges }
}

function valueFor(key: string, random: number): string {
  return `${key} ${random} `.padEnd(valueLength, 'value ')
}
