import type { ComparisonResult, Effort } from '../comparison.ts'
import { compareWays, type Goals } from './compare-ways.ts'
import { classicLevel, memoryLevel } from './subjects.ts'
import { batch, get, getSync, getTogether, iteration, put } from './verbs.ts'
import { createWays } from './ways.ts'

/** Compares bare and instrumented operations. Reads run first, because the engine works in the background after writes. */
export async function* operations(effort: Effort): AsyncGenerator<ComparisonResult> {
  const some = (count: number): number => (effort.quick ? Math.ceil(count / 16) : count)
  const inMemory: Goals = [
    [get(some(2048)), 1.45],
    [getSync(some(2048)), 1.55],
    [iteration(some(4))],
    [put(some(2048)), 1.35],
    [batch(some(256))],
  ]
  const onDisk: Goals = [
    [get(some(512)), 1.04],
    [getTogether(some(2048))],
    [getSync(some(2048)), 1.35],
    [iteration(some(4))],
    [put(some(512))],
    [batch(some(256))],
  ]
  // The fewer entries, the faster the store, and the larger the share of the instrumentation.
  for (const size of effort.quick ? [1000] : [1000, 20_000])
    yield* compareWays(await memoryLevel(size), createWays, inMemory, effort)
  yield* compareWays(await classicLevel(some(20_000)), createWays, onDisk, effort)
}
