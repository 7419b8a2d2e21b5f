import { compare } from '../compare.ts'
import type { Comparison, ComparisonResult, Effort } from '../comparison.ts'
import type { Content } from './content.ts'
import type { Store } from './operations.ts'
import type { Subject } from './subjects.ts'
import type { Verb } from './verbs.ts'
import type { Way } from './ways.ts'

/** A verb and what an instrumented store may cost with it where a bare one costs 1. */
export type Goals = ReadonlyArray<readonly [verb: Verb, atMost?: number]>

/** Each verb, in every way of measuring one store or not; the first way is what the others are held against. */
export async function* compareWays(
  opened: Subject,
  waysOf: (store: Store) => readonly Way[],
  goals: Goals,
  effort: Effort,
): AsyncGenerator<ComparisonResult> {
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
