import type { HistorySeries, Sample } from '@wombat/monitor'

const bounds = [
  '0.0001',
  '0.00025',
  '0.0005',
  '0.001',
  '0.0025',
  '0.005',
  '0.01',
  '0.025',
  '0.05',
  '0.1',
  '0.25',
  '0.5',
  '1',
  '+Inf',
]

interface GrowingSeries {
  readonly series: HistorySeries
  value: number
  readonly grow: (value: number) => number
}

/**
 * Creates about 400 series, similar to those of a service with two stores: counters that grow unevenly, a quarter of them idle,
 * gauges in a random walk, and histograms with buckets that grow together. Each call of `next` returns their values ten seconds
 * later.
 */
export function realisticSamples(random: () => number): { readonly count: number; next(): Sample[] } {
  const all: GrowingSeries[] = []
  const createLabels = (index: number) => ({ store: index % 2 === 0 ? 'orders' : 'users', operation: `o${index}` })
  for (let index = 0; index < 60; index++) {
    const pace = index % 4 === 0 ? 0 : 10 ** (1 + (index % 4))
    const series = { name: 'served_total', labels: createLabels(index), isCounter: true }
    all.push({ series, value: 0, grow: (value) => value + Math.floor(pace * random()) })
  }
  for (let index = 0; index < 40; index++) {
    const series = { name: 'size_bytes', labels: createLabels(index), isCounter: false }
    all.push({ series, value: 2 ** 24, grow: (value) => value + Math.floor((random() - 0.5) * 2 ** 16) })
  }
  for (let index = 0; index < 20; index++) {
    const pace = index % 4 === 0 ? 0 : 200
    for (const [bucket, le] of bounds.entries()) {
      const share = (bucket + 1) / bounds.length
      const series = { name: 'took_seconds_bucket', labels: { ...createLabels(index), le }, isCounter: true }
      all.push({ series, value: 0, grow: (value) => value + Math.floor(pace * share * (0.9 + 0.1 * random())) })
    }
    const sum = { name: 'took_seconds_sum', labels: createLabels(index), isCounter: true }
    all.push({ series: sum, value: 0, grow: (value) => value + pace * 0.003 * random() })
  }
  return {
    count: all.length,
    next() {
      return all.map((one) => {
        one.value = one.grow(one.value)
        return { series: one.series, value: one.value }
      })
    },
  }
}
