import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import { type HistorySeries, matches } from '../series.ts'
import type { Column } from './ring-buffer.ts'

/** A series and its samples of the last hour. */
export interface IndexedSeries {
  readonly series: HistorySeries
  readonly column: Column
  /** What a counter had counted before its restarts. */
  restarted: number
  lastValue: number
  lastTick: number
}

/**
 * All series of one name. Health checks ask for one store's a few dozen times a round, each store's anew, so that those of a
 * store are found without looking at those of all others.
 */
export class SeriesIndex {
  readonly #all = new Map<string, IndexedSeries>()
  readonly #ofStore = new Map<string, Set<IndexedSeries>>()

  get(labels: Labels): IndexedSeries | undefined {
    return this.#all.get(seriesKey(labels))
  }

  add(track: IndexedSeries): void {
    const { labels } = track.series
    this.#all.set(seriesKey(labels), track)
    const store = labels['store'] ?? ''
    const others = this.#ofStore.get(store)
    if (others === undefined) this.#ofStore.set(store, new Set([track]))
    else others.add(track)
  }

  delete(track: IndexedSeries): void {
    const { labels } = track.series
    this.#all.delete(seriesKey(labels))
    const store = labels['store'] ?? ''
    const others = this.#ofStore.get(store)
    others?.delete(track)
    if (others?.size === 0) this.#ofStore.delete(store)
  }

  /** Those with all of these labels, in the order in which they came. */
  select(matchers: Labels): HistorySeries[] {
    const { store } = matchers
    const found: HistorySeries[] = []
    for (const { series } of store === undefined ? this.all() : (this.#ofStore.get(store) ?? [])) {
      if (matches(series.labels, matchers)) found.push(series)
    }
    return found
  }

  all(): Iterable<IndexedSeries> {
    return this.#all.values()
  }
}
