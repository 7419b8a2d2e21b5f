import { randomNumbers, shuffled } from '../random.ts'
import type { Entry, Range } from './operations.ts'

/** The entries of a store and the arguments of its operations: the same in every run, in random order to defeat caches. */
export interface Content {
  /** In the order of insertion. */
  readonly entries: readonly Entry[]
  /** In another order than that of insertion, because entries inserted together are adjacent in memory. */
  readonly asked: readonly Entry[]
  readonly batches: ReadonlyArray<Entry[]>
  readonly ranges: readonly Range[]
}

export const entriesPerScan = 500
const entriesPerBatch = 10
const valueLength = 100

export function createContent(size: number): Content {
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
