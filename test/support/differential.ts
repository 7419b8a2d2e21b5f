import { isDeepStrictEqual } from 'node:util'
import { MetricsRegistry, type Operation } from '@wombat/instrumentation'
import { type Measured, readMeasured } from '@wombat/instrumentation/testing'
import { randomFrom } from './random.ts'

/** How a call ended. Of an error, what its receiver can tell apart. */
export type Outcome = { readonly value: unknown } | { readonly error: { name: unknown; code: unknown; message: unknown } }

/** What a step must be counted as: operations, errors and entries (of batches and scans) by operation; a number is only operations. */
export type Counts = { readonly [Name in Operation]?: number | Partial<Measured> }

/** One random step: what it does with either store, and what it must count as, which may depend on how it ended. */
export interface Step<Store> {
  readonly name: string
  run(store: Store): unknown
  readonly counts: Counts | ((outcome: Outcome) => Counts)
}

/** Random choices of one run. */
export interface Choices {
  /** Returns a whole number from 0 to `limit - 1`. */
  below(limit: number): number
  pick<Item>(items: readonly Item[]): Item
}

/** Two stores with the same content: one as it is, and one that is measured under the name `measured`. */
export interface DifferentialSubject<Store> {
  /** Opens a store; `registry` is undefined for the one that is not measured. */
  open(registry: MetricsRegistry | undefined): Promise<Store>
  /** Returns the next steps, which run at once: their results must not depend on the order in which they are done. */
  next(choices: Choices): ReadonlyArray<Step<Store>>
  /** Reads the content, and closes what is open. Runs unmeasured in effect: after the counts were compared. */
  finish(store: Store): Promise<unknown>
}

/** What a run found. */
export interface Differences {
  readonly steps: number
  readonly operations: number
  /** Steps that ended differently, and wrong counts; empty if there are none. */
  readonly differences: readonly string[]
}

/**
 * Runs the same random steps on a store and on a measured one, with collections between them, and compares every result, the counts
 * with those that the steps state, and the content at the end.
 */
export async function compareWithBare<Store>(
  { open, next, finish }: DifferentialSubject<Store>,
  { seed, steps }: { readonly seed: number; readonly steps: number },
): Promise<Differences> {
  const random = randomFrom(seed)
  const below = (limit: number): number => Math.floor(random() * limit)
  const choices: Choices = { below, pick: (items) => items[below(items.length)] as (typeof items)[number] }
  const registry = new MetricsRegistry()
  const warnings: string[] = []
  registry.warn = (message) => warnings.push(message)
  const [bare, measured] = [await open(undefined), await open(registry)]
  const differences: string[] = []
  const expected: Expected = {}
  let done = 0
  while (done < steps) {
    const group = next(choices)
    const outcomes = await Promise.all([bare, measured].map((store) => Promise.all(group.map((step) => settle(step, store)))))
    group.forEach((step, index) => {
      const [plain, own] = [outcomes[0]?.[index] as Outcome, outcomes[1]?.[index] as Outcome]
      if (!isDeepStrictEqual(plain, own))
        differences.push(`step ${done + index}, ${step.name}: ${show(plain)} became ${show(own)}`)
      addCounts(expected, typeof step.counts === 'function' ? step.counts(plain) : step.counts)
    })
    done += group.length
    if (below(20) === 0) await registry.collectors.collectNow()
    const wrong = compareCounts(expected, readMeasured(registry, 'measured'))
    if (wrong.length > 0) {
      differences.push(`step ${done}, after ${group.map(({ name }) => name).join(', ')}: ${wrong.join('; ')}`)
      break
    }
    if (differences.length > 5) break
  }
  const operations = Object.values(expected).reduce((sum, counts) => sum + (counts?.operations ?? 0), 0)
  const contents = [await finish(bare), await finish(measured)]
  if (!isDeepStrictEqual(contents[0], contents[1])) differences.push(`content: ${show(contents[0])} became ${show(contents[1])}`)
  return { steps: done, operations, differences: [...differences, ...warnings.map((warning) => `warning: ${warning}`)] }
}

async function settle<Store>(step: Step<Store>, store: Store): Promise<Outcome> {
  try {
    return { value: await step.run(store) }
  } catch (error) {
    const { name, code, message } = error as Record<'name' | 'code' | 'message', unknown>
    return { error: { name, code, message } }
  }
}

type Expected = { [Name in Operation]?: Required<Measured> }

function addCounts(expected: Expected, counts: Counts): void {
  for (const [operation, count = 0] of Object.entries(counts) as Array<[Operation, Counts[Operation]]>) {
    const { operations = 1, errors = 0, entries = 0 } = typeof count === 'object' ? count : { operations: count }
    const before = expected[operation] ?? { operations: 0, errors: 0, entries: 0 }
    expected[operation] = {
      operations: before.operations + operations,
      errors: before.errors + errors,
      entries: before.entries + entries,
    }
  }
}

function compareCounts(expected: Expected, measured: ReturnType<typeof readMeasured>): string[] {
  return Object.entries(measured).flatMap(([operation, got]) => {
    const { entries, ...others } = expected[operation as Operation] ?? { operations: 0, errors: 0, entries: 0 }
    const wanted = got.entries === undefined ? others : { ...others, entries }
    return isDeepStrictEqual(got, wanted) ? [] : [`${operation}: ${show(wanted)} expected, ${show(got)} counted`]
  })
}

function show(value: unknown): string {
  return JSON.stringify(value, (_key, part) => (typeof part === 'bigint' ? `${part}n` : part))?.slice(0, 300) ?? String(value)
}
