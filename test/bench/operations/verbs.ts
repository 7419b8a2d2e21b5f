import { type Content, entriesPerScan } from './content.ts'
import type { Operations } from './operations.ts'
import { oneAtATime, synchronously, together } from './passes.ts'
import { windowsOver } from './windows.ts'

/** An operation, and whether it runs serially, concurrently or synchronously. */
export interface Verb {
  readonly name: string
  readonly per: 'operation' | 'entry'
  readonly unitsPerPass: number
  /** Returns a function that prepares the next pass and returns it. */
  work(content: Content): () => (operations: Operations) => void | Promise<void>
}

const keys = ({ asked }: Content): string[] => asked.map(({ key }) => key)

export function get(count: number): Verb {
  return verb('get', count, keys, (some, { get }) => oneAtATime(some, get))
}

export function getTogether(count: number): Verb {
  return verb('get, 64 at once', count, keys, (some, { get }) => together(64, some, get))
}

export function getSync(count: number): Verb {
  return verb('getSync', count, keys, (some, { getSync }) => synchronously(some, getSync))
}

export function put(count: number): Verb {
  const entries = ({ asked }: Content) => asked
  return verb('put', count, entries, (some, { put }) => oneAtATime(some, put))
}

export function batch(count: number): Verb {
  const batches = ({ batches }: Content) => batches
  return verb('batch of 10', count, batches, (some, { batch }) => oneAtATime(some, batch))
}

/** Measured per entry: Wombat times each read of a scan, to exclude the time that its consumer takes between reads. */
export function iteration(count: number): Verb {
  const ranges = ({ ranges }: Content) => ranges
  const scans = verb('iteration', count, ranges, (some, { scan }) => oneAtATime(some, scan))
  return { ...scans, per: 'entry', unitsPerPass: count * entriesPerScan }
}

function verb<T>(
  name: string,
  count: number,
  selectItems: (content: Content) => readonly T[],
  pass: (items: readonly T[], operations: Operations) => void | Promise<void>,
): Verb {
  return {
    name,
    per: 'operation',
    unitsPerPass: count,
    work(content) {
      const next = windowsOver(selectItems(content), count)
      return () => {
        const items = next()
        return (operations) => pass(items, operations)
      }
    },
  }
}
