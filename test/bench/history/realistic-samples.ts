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

interface Track {
  readonly series: HistorySeries
  value: number
  readonly grow: (value: number) => number
}

/**
 * About 400 series as a service with two stores has them: counters that grow unevenly, a quarter of them idle, gauges that
 * wander, and histograms whose buckets grow together. `next` is what they are ten seconds later.
 */
export function realisticSamples(random: () => number): { readonly count: number; next(): Sample[] } {
  const tracks: Track[] = []
  const labelled = (index: number) => ({ store: index % 2 === 0 ? 'orders' : 'users', operation: `o${index}` })
  for (let index = 0; index < 60; index++) {
    const pace = index % 4 === 0 ? 0 : 10 ** (1 + (index % 4))
    const series = { name: 'served_total', labels: labelled(index), isCounter: true }
    tracks.push({ series, value: 0, grow: (value) => value + Math.floor(pace * random()) })
  }
  for (let index = 0; index < 40; index++) {
    const series = { name: 'size_bytes', labels: labelled(index), isCounter: false }
    tracks.push({ series, value: 2 ** 24, grow: (value) => value + Math.floor((random() - 0.5) * 2 ** 16) })
  }
  for (let index = 0; index < 20; index++) {
    const pace = index % 4 === 0 ? 0 : 200
    for (const [place, le] of bounds.entries()) {
      const share = (place + 1) / bounds.length
      const series = { name: 'took_seconds_bucket', labels: { ...labelled(index), le }, isCounter: true }
      tracks.push({ series, value: 0, grow: (value) => value + Math.floor(pace * share * (0.9 + 0.1 * random())) })
    }
    const sum = { name: 'took_seconds_sum', labels: labelled(index), isCounter: true }
    tracks.push({ series: sum, value: 0, grow: (value) => value + pace * 0.003 * random() })
  }
  return {
    count: tracks.length,
    next() {
      return tracks.map((track) => {
        track.value = track.grow(track.value)
        return { series: track.series, value: track.value }
      })
    },
  }
}
