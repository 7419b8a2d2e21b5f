import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import { type HistorySeries, matchesLabels } from '../series.ts'
import type { StoredSeries } from './stored-series.ts'

/**
 * All series of one metric, stored by the label `store`: health checks select the series of each store a few dozen times per run,
 * which must not read the series of all other stores.
 */
export class SeriesIndex {
  readonly #byKey = new Map<string, StoredSeries>()
  readonly #byStore = new Map<string, Set<StoredSeries>>()

  get size(): number {
    return this.#byKey.size
  }

  /** Returns the series with exactly these labels. */
  get(labels: Labels): StoredSeries | undefined {
    return this.#byKey.get(seriesKey(labels))
  }

  /** Adds a series. */
  add(stored: StoredSeries): void {
    const { labels } = stored.series
    this.#byKey.set(seriesKey(labels), stored)
    const store = labels['store'] ?? ''
    const sameStore = this.#byStore.get(store)
    if (sameStore === undefined) this.#byStore.set(store, new Set([stored]))
    else sameStore.add(stored)
  }

  /** Removes a series. */
  delete(stored: StoredSeries): void {
    const { labels } = stored.series
    this.#byKey.delete(seriesKey(labels))
    const store = labels['store'] ?? ''
    const sameStore = this.#byStore.get(store)
    sameStore?.delete(stored)
    if (sameStore?.size === 0) this.#byStore.delete(store)
  }

  /** Returns the series that have all of these labels, in the order in which they were added. */
  select(matchers: Labels): HistorySeries[] {
    const { store } = matchers
    const selected: HistorySeries[] = []
    for (const { series } of store === undefined ? this.all() : (this.#byStore.get(store) ?? [])) {
      if (matchesLabels(series.labels, matchers)) selected.push(series)
    }
    return selected
  }

  /** Returns all series, in the order in which they were added. */
  all(): Iterable<StoredSeries> {
    return this.#byKey.values()
  }
}
