import { compare } from '../compare.ts'
import type { Comparison, ComparisonResult, Effort } from '../comparison.ts'
import type { Content } from './content.ts'
import { classicLevel, memoryLevel, type Subject } from './subjects.ts'
import { batch, get, getSync, getTogether, iteration, put, type Verb } from './verbs.ts'
import { type Way, waysOf } from './ways.ts'

/** A verb and what an instrumented store may cost with it where a bare one costs 1. */
type Goals = ReadonlyArray<readonly [verb: Verb, atMost?: number]>

/** What a store's caller pays for being measured. Reads come first: writes leave the engine with work to do behind them. */
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
  // The fewer entries, the less a store has to do, and the more every nanosecond of ours weighs.
  for (const size of effort.quick ? [1000] : [1000, 20_000]) yield* compareWays(await memoryLevel(size), inMemory, effort)
  yield* compareWays(await classicLevel(some(20_000)), onDisk, effort)
}

async function* compareWays(opened: Subject, goals: Goals, effort: Effort): AsyncGenerator<ComparisonResult> {
  await using subject = opened
  const ways = waysOf(subject.store)
  for (const [verb, atMost] of goals) {
    yield await compare(comparisonOf(`${subject.name}: ${verb.name}`, ways, verb, subject.content, atMost), effort)
  }
}

function comparisonOf(name: string, ways: readonly Way[], verb: Verb, content: Content, atMost: number | undefined): Comparison {
  const nextPass = verb.work(content)
  const { per, unitsPerPass } = verb
  const cases = ways.map(({ name, operations, begin, end }) => {
    let pass = nextPass()
    return {
      name,
      before() {
        begin?.()
        pass = nextPass()
      },
      pass: () => pass(operations),
      ...(end !== undefined && { after: end }),
    }
  })
  const ratios = ways.slice(1).map(({ name }) => ({
    of: name,
    to: 'bare',
    ...(name === 'instrumented' && atMost !== undefined && { goal: { is: 'at most' as const, value: atMost } }),
  }))
  return { name, per, unitsPerPass, cases, ratios }
}
