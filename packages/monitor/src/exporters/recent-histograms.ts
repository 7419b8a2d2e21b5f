import type { HistogramSnapshot } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { HistogramPoint, Snapshot } from '../collection/snapshot.ts'

type Histograms = ReadonlyMap<string, HistogramSnapshot>

/**
 * Remembers the histograms of the last two samples of the history, so that quantiles can be those of the last interval. A histogram that
 * did not change takes no memory again.
 */
export class RecentHistograms {
  #older: Histograms | undefined
  #newer: Histograms | undefined

  /** Remembers the histograms of a sample. */
  record(snapshot: Snapshot): void {
    const histograms = new Map<string, HistogramSnapshot>()
    for (const point of snapshot.points) {
      if (!('count' in point) || point.snapshot === undefined || point.count === 0) continue
      const key = pointKey(point)
      const before = this.#newer?.get(key)
      histograms.set(key, before?.count === point.count ? before : point.snapshot)
    }
    this.#older = this.#newer
    this.#newer = histograms
  }

  /** Returns what a histogram recorded in the last interval, which is one to two intervals long; all of it if it is new. */
  recent(point: HistogramPoint): HistogramSnapshot | undefined {
    const before = this.#older?.get(pointKey(point))
    return before === undefined ? point.snapshot : point.snapshot?.since(before)
  }
}

function pointKey({ metric, attributes }: HistogramPoint): string {
  return `${metric} ${seriesKey(attributes as Readonly<Record<string, string>>)}`
}
