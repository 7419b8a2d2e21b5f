import { compare } from '../compare.ts'
import type { Comparison, ComparisonResult, Effort } from '../comparison.ts'
import type { Content } from './content.ts'
import type { Store } from './operations.ts'
import type { Subject } from './subjects.ts'
import type { Verb } from './verbs.ts'
import type { Way } from './ways.ts'

/** Operations with the goal for the ratio of the instrumented store's time to the bare store's. */
export type Goals = ReadonlyArray<readonly [verb: Verb, atMost?: number]>

/** Compares every variant with the first one, the bare store, for each operation. */
export async function* compareWays(
  opened: Subject,
  createWays: (store: Store) => readonly Way[],
  goals: Goals,
  effort: Effort,
): AsyncGenerator<ComparisonResult> {
  await using subject = opened
  const ways = createWays(subject.store)
  for (const [verb, atMost] of goals) {
    yield await compare(createComparison(`${subject.name}: ${verb.name}`, ways, verb, subject.content, atMost), effort)
  }
}

function createComparison(
  name: string,
  ways: readonly Way[],
  verb: Verb,
  content: Content,
  atMost: number | undefined,
): Comparison {
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
