import { setImmediate } from 'node:timers/promises'
import type { Case, Comparison, ComparisonResult, Effort, Goal, RatioResult } from './comparison.ts'
import { computeOrder } from './rounds.ts'
import { computeSpread } from './spread.ts'

/**
 * Runs the cases in turns within this process. A ratio is computed per round: its passes run shortly after each other, so that
 * a temporary slowdown of the machine affects both sides of the ratio.
 */
export async function compare(comparison: Comparison, { rounds, warmUpRounds }: Effort): Promise<ComparisonResult> {
  const { name, per, cases, unitsPerPass } = comparison
  const timesByCase = new Map(cases.map((one) => [one.name, [] as number[]]))
  for (let round = 0; round < warmUpRounds + rounds; round++) {
    for (const index of computeOrder(round, cases.length)) {
      const one = cases[index] as Case
      const passMs = await timePass(one)
      if (round >= warmUpRounds) timesByCase.get(one.name)?.push((passMs * 1e6) / unitsPerPass)
    }
  }
  return {
    name,
    per,
    rounds,
    cases: cases.map((one) => ({ name: one.name, nanoseconds: computeSpread(timesByCase.get(one.name) ?? []) })),
    ratios: comparison.ratios.map(({ of, to, goal }) => computeRatio(timesByCase, of, to, goal)),
  }
}

async function timePass({ before, pass, after }: Case): Promise<number> {
  await before?.()
  // Lets the event loop finish what the previous pass left, so that this pass is not charged for it.
  await setImmediate()
  const startMs = performance.now()
  const running = pass()
  if (running !== undefined) await running
  const passMs = performance.now() - startMs
  after?.()
  return passMs
}

function computeRatio(timesByCase: ReadonlyMap<string, readonly number[]>, of: string, to: string, goal?: Goal): RatioResult {
  const dividends = timesByCase.get(of)
  const divisors = timesByCase.get(to)
  if (dividends === undefined || divisors === undefined) throw new Error(`a ratio of ${of} to ${to} needs cases with these names`)
  const spread = computeSpread(dividends.map((time, round) => time / (divisors[round] as number)))
  return { of, to, ...spread, ...(goal !== undefined && { goal: { ...goal, met: isMet(goal, spread.median) } }) }
}

function isMet({ is, value }: Goal, median: number): boolean {
  return is === 'at least' ? median >= value : median <= value
}
