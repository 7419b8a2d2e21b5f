import { expect, test, vi } from 'vitest'
import { measureOperationCost } from './operation-cost.ts'

/**
 * Returns a clock for which each round of 250 calls takes `plainMs` with the plain Map, and then as many milliseconds
 * longer with the measured Map as `extraMs` returns for the round.
 */
function clock(plainMs: number, extraMs: (round: number) => number): () => number {
  let timeMs = 0
  let reads = 0
  return () => {
    const round = Math.floor(reads / 4)
    const end = reads++ % 4
    if (end === 1) timeMs += plainMs
    if (end === 3) timeMs += plainMs + extraMs(round)
    return timeMs
  }
}

function publishedCost(now: () => number): Promise<number[]> {
  const published: number[] = []
  return new Promise((resolve) => {
    measureOperationCost(
      (seconds) => {
        published.push(seconds)
        resolve(published)
      },
      { intervalMs: 1, now },
    )
  })
}

test('the cost is three times what one measured call takes longer than a plain one, in seconds', async () => {
  const [seconds] = await publishedCost(clock(1, () => 2.5))
  expect(seconds).toBeCloseTo(0.000_03, 12)
})

test('slow rounds before the code is compiled do not count', async () => {
  const [seconds] = await publishedCost(clock(1, (round) => (round < 59 ? 500 : 2.5)))
  expect(seconds).toBeCloseTo(0.000_03, 12)
})

test('single rounds that were interrupted do not count', async () => {
  const [seconds] = await publishedCost(clock(1, (round) => (round % 3 === 0 ? 500 : 2.5)))
  expect(seconds).toBeCloseTo(0.000_03, 12)
})

test('a difference below the noise is 0, never less', async () => {
  expect(await publishedCost(clock(1, () => -0.1))).toEqual([0])
})

test('the cost is published once, after 80 rounds, and never after it was stopped', () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const published: string[] = []
    const now = clock(1, () => 2.5)
    measureOperationCost(() => published.push('measured'), { intervalMs: 25, now })
    const stop = measureOperationCost(() => published.push('stopped'), { intervalMs: 25, now })
    vi.advanceTimersByTime(79 * 25)
    expect(published).toEqual([])
    stop()
    vi.advanceTimersByTime(100 * 25)
    expect(published).toEqual(['measured'])
  } finally {
    vi.useRealTimers()
  }
})
