import type { Sample } from '../../src/history/series.ts'

/** A tick is ten seconds later than the one before, and twenty of them become a chunk. */
export const stepMs = 10_000
export const compactionIntervalMs = 20 * stepMs

/** What every writer writes at a tick, so that whoever reads knows what must be there. */
export function samplesAt(tick: number): Sample[] {
  return Array.from({ length: 40 }, (_, index) => ({
    series: { name: `series_${index % 4}`, labels: { index: String(index) }, isCounter: index % 2 === 0 },
    value: index % 2 === 0 ? tick * index : Math.sin(tick + index),
  }))
}
