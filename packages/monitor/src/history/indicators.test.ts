import { describe, expect, test } from 'vitest'
import { histogramQuantile, increase, predictLinear, rate, Sum } from './indicators.ts'

/** Samples every ten seconds from 0 on. */
function every10s(...values: number[]) {
  return { timesMs: values.map((_, index) => index * 10_000), values }
}

describe('increase and rate', () => {
  test('fewer than two samples say nothing', () => {
    expect(increase(every10s(), 60_000, 0)).toBe(undefined)
    expect(rate(every10s(5), 60_000, 0)).toBe(undefined)
  })

  test('growth is extrapolated to edges that are near, so that it need not be whole', () => {
    // Samples at 0 ... 50 s of a window from -5 s to 55 s: 5 s are added on both sides.
    expect(increase(every10s(100, 101, 102, 103, 104, 105), 60_000, 55_000)).toBeCloseTo(6, 12)
  })

  test('far from an edge, half a distance is added', () => {
    expect(increase(every10s(100, 101, 102), 200_000, 120_000)).toBeCloseTo(3, 12)
  })

  test('a counter is never extrapolated to before it was 0', () => {
    expect(increase(every10s(0, 1, 2), 25_000, 25_000)).toBeCloseTo(2.5, 12)
  })

  test('every drop is a restart from 0', () => {
    expect(increase(every10s(100, 110, 5, 15), 30_000, 30_000)).toBeCloseTo(25, 12)
  })

  test('a rate is divided by the window, not by what was sampled', () => {
    expect(rate(every10s(100, 110, 120), 20_000, 20_000)).toBeCloseTo(1, 12)
    expect(rate(every10s(100, 110, 120), 200_000, 120_000)).toBeCloseTo(30 / 200, 12)
  })
})

describe('a quantile of buckets', () => {
  const buckets = [
    { le: 1, count: 10 },
    { le: 2, count: 30 },
    { le: Number.POSITIVE_INFINITY, count: 40 },
  ]

  test('lies within its bucket as if values were spread evenly', () => {
    expect(histogramQuantile(0.5, buckets)).toBe(1.5)
    expect(histogramQuantile(0.125, buckets)).toBe(0.5)
  })

  test('above the highest bound is the highest bound', () => {
    expect(histogramQuantile(0.99, buckets)).toBe(2)
  })

  test('is unknown without observations, or without a bucket for everything', () => {
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

describe('a forecast', () => {
  test('goes on along the line of least squares', () => {
    expect(predictLinear(every10s(10, 20, 30), 20_000, 10)).toBeCloseTo(40, 9)
  })

  test('of a gauge that stands still is what it is', () => {
    expect(predictLinear(every10s(7, 7, 7), 50_000, 1e6)).toBe(7)
  })

  test('needs two samples', () => {
    expect(predictLinear(every10s(7), 0, 10)).toBe(undefined)
  })
})

test('a sum carries along what floating point would drop', () => {
  const sum = new Sum()
  for (const term of [1, 1e100, 1, -1e100]) sum.add(term)
  expect(sum.value).toBe(2)
})
