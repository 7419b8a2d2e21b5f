import { randomFrom } from '@wombat/test-support/random'
import { expect, test, vi } from 'vitest'
import { OperationRecorder } from '../operations/recorder.ts'
import { MetricsRegistry } from './registry.ts'

/** One kind of operation: how many start in each second, and how long one takes. */
interface Kind {
  readonly store: string
  readonly perSecond: (second: number) => number
  readonly seconds: (next: () => number) => number
}

/** What the recorded durations say, and what is true. */
interface Outcome {
  readonly count: number
  readonly sum: number
  readonly trueCount: number
  readonly trueSum: number
  readonly trueSquares: number
  readonly timed: number
  /** How many operations were counted after the last timed one. */
  readonly unrepresented: number
}

/**
 * Simulates operations on a clock of its own, in steps of a millisecond. They settle after their duration, so that long ones settle among others
 * that started later.
 */
function simulate(kinds: readonly Kind[], { share, forSeconds, seed }: { share?: number; forSeconds: number; seed: number }) {
  const random = randomFrom(seed)
  vi.spyOn(Math, 'random').mockImplementation(() => random())
  const registry = new MetricsRegistry()
  const { observer } = registry
  observer.budget.share = share
  const spent: number[] = []
  const all = kinds.map((kind) => {
    const recorder = new OperationRecorder(registry, 'get', { store: kind.store, engine: 'memory' })
    return { kind, recorder, due: new Map<number, Array<number>>(), trueCount: 0, trueSum: 0, trueSquares: 0, carry: 0 }
  })
  const lastMs = forSeconds * 1000
  for (let nowMs = 0; nowMs <= lastMs + 2000; nowMs++) {
    if (nowMs % 1000 === 0) {
      observer.adaptTiming(nowMs)
      if (observer.budget.spentShare !== undefined && nowMs > 0) spent.push(observer.budget.spentShare)
    }
    for (const one of all) {
      for (const seconds of one.due.get(nowMs) ?? []) {
        if (seconds < 0) one.recorder.countSuccess()
        else one.recorder.recordSuccess(seconds)
      }
      one.due.delete(nowMs)
      if (nowMs >= lastMs) continue
      one.carry += one.kind.perSecond(Math.floor(nowMs / 1000)) / 1000
      for (; one.carry >= 1; one.carry--) {
        const seconds = one.kind.seconds(random)
        one.trueCount++
        one.trueSum += seconds
        one.trueSquares += seconds ** 2
        // An operation that is not timed has no duration.
        const isTimed = one.recorder.shouldTime()
        const endMs = nowMs + Math.round(seconds * 1000)
        if (endMs === nowMs) {
          if (isTimed) one.recorder.recordSuccess(seconds)
          else one.recorder.countSuccess()
        } else one.due.set(endMs, [...(one.due.get(endMs) ?? []), isTimed ? seconds : -1])
      }
    }
  }
  vi.restoreAllMocks()
  const outcomes = all.map(({ kind, recorder, trueCount, trueSum, trueSquares }): Outcome => {
    const { count, sum } = registry.histogram('db_get_latency_seconds', { store: kind.store }).snapshot()
    const { countedOperations, timedOperations } = recorder
    return { count, sum, trueCount, trueSum, trueSquares, timed: timedOperations, unrepresented: countedOperations - count }
  })
  return { outcomes, spent }
}

/** Five standard deviations of the estimated sum, as a share of the true one: timings are independent draws. */
function tolerance({ trueCount, trueSum, trueSquares, timed }: Outcome): number {
  const meanSquare = trueSquares / trueCount / (trueSum / trueCount) ** 2
  return 5 * Math.sqrt((2 * meanSquare) / timed)
}

const logNormal = (median: number, sigma: number) => (next: () => number) =>
  median * Math.exp(sigma * Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()))

const scenarios: ReadonlyArray<readonly [title: string, kinds: readonly Kind[]]> = [
  ...[1, 10, 100, 1000, 10_000, 100_000, 1_000_000].map(
    (rate) => [`${rate} operations per second`, [{ store: 'a', perSecond: () => rate, seconds: logNormal(20e-6, 1) }]] as const,
  ),
  [
    'bursts of 500,000 in every fourth second, and 5 otherwise',
    [{ store: 'a', perSecond: (second) => (second % 4 === 1 ? 500_000 : 5), seconds: logNormal(20e-6, 1) }],
  ],
  [
    'one in a hundred takes a thousand times as long, and settles among later ones',
    [{ store: 'a', perSecond: () => 200_000, seconds: (next) => (next() < 0.01 ? 0.02 : 20e-6) }],
  ],
  [
    'slower while there are more of them',
    [{ store: 'a', perSecond: (second) => (second % 2 === 0 ? 20_000 : 300_000), seconds: logNormal(50e-6, 0.5) }],
  ],
  [
    'a busy store beside a quiet one',
    [
      { store: 'busy', perSecond: () => 400_000, seconds: logNormal(10e-6, 0.5) },
      { store: 'quiet', perSecond: () => 7, seconds: logNormal(0.003, 1) },
    ],
  ],
]

for (const [index, [title, kinds]] of scenarios.entries()) {
  test(`${title}: counts are exact, sums are unbiased, and the budget is kept`, { timeout: 120_000 }, () => {
    const highestRate = Math.max(...kinds.flatMap((kind) => [kind.perSecond(0), kind.perSecond(1)]))
    const forSeconds = kinds.some((kind) => kind.perSecond(1) > 300_000) ? 4 : 12
    const { outcomes, spent } = simulate(kinds, { share: 0.02, forSeconds, seed: index + 1 })
    for (const outcome of outcomes) {
      expect(outcome.count + outcome.unrepresented).toBe(outcome.trueCount)
      // Twenty mean distances between two timed operations: more have a probability of 2e-9.
      expect(outcome.unrepresented).toBeLessThanOrEqual(20 * Math.ceil(highestRate / (0.002 / 0.2e-6)))
      const represented = outcome.count / outcome.trueCount
      expect(Math.abs(outcome.sum / (outcome.trueSum * represented) - 1)).toBeLessThan(tolerance(outcome))
    }
    const counting = 0.35e-6 * 0.45 * kinds.reduce((sum, kind) => sum + Math.max(kind.perSecond(0), kind.perSecond(1)), 0)
    // In a second in which the load rises, up to three times the budget.
    const isSteady = kinds.every((kind) => kind.perSecond(0) === kind.perSecond(1))
    const most = isSteady ? 1.6 : 3
    for (const share of spent.slice(isSteady ? 1 : 0)) expect(share).toBeLessThan(0.02 * most + counting)
    for (const share of spent) expect(share).toBeLessThan(0.02 * 3 + counting)
  })
}

test('a rare operation is always timed, however busy others are', () => {
  const [, kinds] = scenarios.at(-1) ?? ['', []]
  const { outcomes } = simulate(kinds, { share: 0.02, forSeconds: 4, seed: 1 })
  const [busy, quiet] = outcomes
  expect(quiet?.timed).toBe(quiet?.trueCount)
  expect(busy?.timed).toBeLessThan((busy?.trueCount ?? 0) / 5)
})

test('without a budget every operation is timed', () => {
  const { outcomes, spent } = simulate([{ store: 'a', perSecond: () => 100_000, seconds: () => 1e-5 }], {
    forSeconds: 3,
    seed: 1,
  })
  expect(outcomes[0]?.timed).toBe(300_000)
  expect(spent[0]).toBeCloseTo(0.035, 3)
})

test('after a load has ended, all operations are timed again', () => {
  const kinds = [{ store: 'a', perSecond: (second: number) => (second < 2 ? 400_000 : 20), seconds: () => 1e-5 }]
  const busy = simulate(kinds, { share: 0.02, forSeconds: 2, seed: 1 })
  const both = simulate(kinds, { share: 0.02, forSeconds: 12, seed: 1 })
  // In the first second after the load, the interval is still that of before.
  expect((both.outcomes[0]?.timed ?? 0) - (busy.outcomes[0]?.timed ?? 0)).toBeGreaterThanOrEqual(9 * 20)
})

test('a share that is none is rejected with what to do', () => {
  const { budget } = new MetricsRegistry().observer
  for (const share of [0, -1, 1.5, Number.NaN]) {
    expect(() => {
      budget.share = share
    }).toThrow(`overheadBudget must be a share of a core's time above 0 and at most 1, got ${share}`)
  }
})
