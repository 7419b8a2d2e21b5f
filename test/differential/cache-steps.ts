import type { Operation } from '@wombat/instrumentation'
import type { Counts, Outcome, Step } from '@wombat/test-support/differential'

/** A cache with what the test itself counts of it. */
export interface CacheState<Cache> {
  readonly cache: Cache
  /** What the callbacks of the cache have called on it since the last step. */
  calls: Partial<Record<Operation, number>>
  /** Look-ups that found an entry, and those that did not. */
  hits: number
  misses: number
  evictions: number
  /** How many callbacks are running: one that causes another one must end. */
  depth: number
}

export function createState<Cache>(cache: Cache): CacheState<Cache> {
  return { cache, calls: {}, hits: 0, misses: 0, evictions: 0, depth: 0 }
}

/** How a step ended, and what callbacks called in it. */
interface Result {
  readonly value?: unknown
  readonly failure?: unknown
  readonly calls: Partial<Record<Operation, number>>
}

/**
 * Creates a step that is one operation, or none, and whose callbacks may perform others.
 *
 * @param entriesIn returns the entries of a batch or a scan from the result of the step.
 */
export function cacheStep<Cache>(
  name: string,
  operation: Operation | undefined,
  run: (cache: Cache, state: CacheState<Cache>) => unknown,
  entriesIn: (value: unknown) => number = () => 0,
): Step<CacheState<Cache>> {
  return {
    name,
    async run(state): Promise<Result> {
      let ended: Omit<Result, 'calls'>
      try {
        // Synchronous where the cache is: nothing else runs in between.
        const value = run(state.cache, state)
        ended = { value: value instanceof Promise ? await value : value }
      } catch (error) {
        ended = { failure: String(error) }
      }
      // Callbacks of what the step has left behind.
      await new Promise((resolve) => setImmediate(resolve))
      const { calls } = state
      state.calls = {}
      return { ...ended, calls }
    },
    counts: (outcome) => countsOf(operation, outcome, entriesIn),
  }
}

function countsOf(operation: Operation | undefined, outcome: Outcome, entriesIn: (value: unknown) => number): Counts {
  const result = 'value' in outcome ? (outcome.value as Result) : { calls: {} }
  const counts: Record<string, { operations: number; errors?: number; entries?: number }> = {}
  for (const [called, operations] of Object.entries(result.calls)) counts[called] = { operations }
  if (operation === undefined) return counts
  const isFailed = 'failure' in result
  counts[operation] = {
    operations: 1 + (counts[operation]?.operations ?? 0),
    errors: isFailed ? 1 : 0,
    entries: isFailed ? 0 : entriesIn(result.value),
  }
  return counts
}

/** Calls the cache in a callback, and counts the call as the operation; not in a callback that a callback has caused. */
export function callBack<Cache>(state: CacheState<Cache>, operation: Operation, call: (cache: Cache) => unknown): void {
  if (state.depth > 0) return
  state.depth++
  try {
    state.calls[operation] = (state.calls[operation] ?? 0) + 1
    call(state.cache)
  } finally {
    state.depth--
  }
}
