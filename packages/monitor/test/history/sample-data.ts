import type { Sample } from '../../src/history/series.ts'

export const intervalMs = 10_000
export const compactionIntervalMs = 20 * intervalMs

/** Returns the samples that every writer writes at this index, so that a reader can check them. */
export function createSamples(sampleIndex: number): Sample[] {
  return Array.from({ length: 40 }, (_, index) => ({
    series: { name: `series_${index % 4}`, labels: { index: String(index) }, isCounter: index % 2 === 0 },
    value: index % 2 === 0 ? sampleIndex * index : Math.sin(sampleIndex + index),
  }))
}
