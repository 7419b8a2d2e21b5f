import type { ComparisonResult, Effort } from '../comparison.ts'
import { compareWays } from '../operations/compare-ways.ts'
import { classicLevel, memoryLevel } from '../operations/subjects.ts'
import { get, getSync, put } from '../operations/verbs.ts'
import { createDetailWays } from './ways.ts'

/**
 * Compares operations that are sampled, timed and traced. This runs apart from the part `operations`: after both have run, V8
 * compiles code for both, and a get in memory takes a tenth longer in every variant.
 */
export async function* detail(effort: Effort): AsyncGenerator<ComparisonResult> {
  const some = (count: number): number => (effort.quick ? Math.ceil(count / 16) : count)
  yield* compareWays(
    await memoryLevel(1000),
    createDetailWays,
    [[get(some(2048))], [getSync(some(2048))], [put(some(2048))]],
    effort,
  )
  yield* compareWays(await classicLevel(some(20_000)), createDetailWays, [[get(some(512))], [put(some(512))]], effort)
}
