import { describe, expect, test } from 'vitest'
import { histogramQuantile, increase, predictLinear, rate, Sum, summarizeSamples } from './indicators.ts'

/** Returns samples every ten seconds from 0 on. */
function every10s(...values: number[]) {
  return { timesMs: values.map((_, index) => index * 10_000), values }
}

describe('increase and rate', () => {
  test('are undefined with fewer than two samples', () => {
    expect(increase(summarizeSamples(every10s()), 60_000, 0)).toBe(undefined)
    expect(rate(summarizeSamples(every10s(5)), 60_000, 0)).toBe(undefined)
  })

  test('are extrapolated to both edges of the window if they are near', () => {
    // Samples at 0 ... 50 s of a window from -5 s to 55 s: 5 s are added on both sides.
    expect(increase(summarizeSamples(every10s(100, 101, 102, 103, 104, 105)), 60_000, 55_000)).toBeCloseTo(6, 12)
  })

  test('are extrapolated by half an interval if an edge is far', () => {
    expect(increase(summarizeSamples(every10s(100, 101, 102)), 200_000, 120_000)).toBeCloseTo(3, 12)
  })

  test('are never extrapolated to before the counter was 0', () => {
    expect(increase(summarizeSamples(every10s(0, 1, 2)), 25_000, 25_000)).toBeCloseTo(2.5, 12)
  })

  test('treat every decrease as a reset to 0', () => {
    expect(increase(summarizeSamples(every10s(100, 110, 5, 15)), 30_000, 30_000)).toBeCloseTo(25, 12)
  })

  test('a rate is divided by the window, not by the sampled time', () => {
    expect(rate(summarizeSamples(every10s(100, 110, 120)), 20_000, 20_000)).toBeCloseTo(1, 12)
    expect(rate(summarizeSamples(every10s(100, 110, 120)), 200_000, 120_000)).toBeCloseTo(30 / 200, 12)
  })
})

describe('histogramQuantile', () => {
  const buckets = [
    { le: 1, count: 10 },
    { le: 2, count: 30 },
    { le: Number.POSITIVE_INFINITY, count: 40 },
  ]

  test('interpolates linearly within a bucket', () => {
    expect(histogramQuantile(0.5, buckets)).toBe(1.5)
    expect(histogramQuantile(0.125, buckets)).toBe(0.5)
  })

  test('returns the highest bound for values above it', () => {
    expect(histogramQuantile(0.99, buckets)).toBe(2)
  })

  test('is undefined without observations or without a bucket for Infinity', () => {
    expect(
      histogramQuantile(
        0.5,
        buckets.map(({ le }) => ({ le, count: 0 })),
      ),
    ).toBe(undefined)
    expect(histogramQuantile(0.5, buckets.slice(0, 2))).toBe(undefined)
    expect(histogramQuantile(0.5, [])).toBe(undefined)
  })

  test('does not depend on the order of buckets', () => {
    expect(histogramQuantile(0.5, [...buckets].reverse())).toBe(1.5)
  })
})

describe('predictLinear', () => {
  test('extrapolates by linear regression', () => {
    expect(predictLinear(every10s(10, 20, 30), 20_000, 10)).toBeCloseTo(40, 9)
  })

  test('returns the value of a constant gauge', () => {
    expect(predictLinear(every10s(7, 7, 7), 50_000, 1e6)).toBe(7)
  })

  test('needs two samples', () => {
    expect(predictLinear(every10s(7), 0, 10)).toBe(undefined)
  })
})

test('Sum compensates rounding errors', () => {
  const sum = new Sum()
  for (const term of [1, 1e100, 1, -1e100]) sum.add(term)
  expect(sum.value).toBe(2)
})

test('Sum of terms that are or become infinite is infinite, as in PromQL', () => {
  for (const terms of [
    [1.5e308, 1.5e308],
    [Number.POSITIVE_INFINITY, 1, 2],
  ]) {
    const sum = new Sum()
    for (const term of terms) sum.add(term)
    expect(sum.value).toBe(Number.POSITIVE_INFINITY)
  }
})
