import type { HistogramSnapshot, Labels, Series } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import type { HistogramPoint } from '../collection/snapshot.ts'

type Histograms = ReadonlyMap<string, HistogramSnapshot>

/**
 * Remembers the histograms of the last two samples of the history, so that quantiles can be those of the last interval. A histogram that
 * did not change takes no memory again.
 */
export class RecentHistograms {
  #older: Histograms | undefined
  #newer: Histograms | undefined
  #next = new Map<string, HistogramSnapshot>()

  /** Remembers a histogram of the sample in progress. `count` is the number of its values. */
  add(metric: string, { labels, instrument }: Series, count: number): void {
    if (count === 0 || !('snapshot' in instrument)) return
    const key = histogramKey(metric, labels)
    const before = this.#newer?.get(key)
    this.#next.set(key, before?.count === count ? before : instrument.snapshot())
  }

  /** Completes the sample in progress. */
  commit(): void {
    this.#older = this.#newer
    this.#newer = this.#next
    this.#next = new Map()
  }

  /** Returns what a histogram recorded in the last interval, which is one to two intervals long; all of it if it is new. */
  recent(point: HistogramPoint): HistogramSnapshot | undefined {
    const before = this.#older?.get(histogramKey(point.metric, point.attributes as Labels))
    return before === undefined ? point.snapshot : point.snapshot?.since(before)
  }
}

function histogramKey(metric: string, labels: Labels): string {
  return `${metric} ${seriesKey(labels)}`
}
