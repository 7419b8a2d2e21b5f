import type { Labels } from '@wombat/instrumentation'
import { seriesKey } from '@wombat/instrumentation/internal'
import { type HistorySeries, matchesLabels } from '../series.ts'
import type { Column } from './ring-buffer.ts'

/** A series with its samples of the last hour. */
export interface IndexedSeries {
  readonly series: HistorySeries
  readonly column: Column
  /** Sum of the values that a counter had before each of its resets. */
  resetOffset: number
  lastValue: number
  lastSequence: number
}

/**
 * All series of one metric, indexed by the label `store`: health checks select the series of each store a few dozen times per run,
 * which must not read the series of all other stores.
 */
export class SeriesIndex {
  readonly #byKey = new Map<string, IndexedSeries>()
  readonly #byStore = new Map<string, Set<IndexedSeries>>()

  /** Returns the series with exactly these labels. */
  get(labels: Labels): IndexedSeries | undefined {
    return this.#byKey.get(seriesKey(labels))
  }

  /** Adds a series. */
  add(indexed: IndexedSeries): void {
    const { labels } = indexed.series
    this.#byKey.set(seriesKey(labels), indexed)
    const store = labels['store'] ?? ''
    const sameStore = this.#byStore.get(store)
    if (sameStore === undefined) this.#byStore.set(store, new Set([indexed]))
    else sameStore.add(indexed)
  }

  /** Removes a series. */
  delete(indexed: IndexedSeries): void {
    const { labels } = indexed.series
    this.#byKey.delete(seriesKey(labels))
    const store = labels['store'] ?? ''
    const sameStore = this.#byStore.get(store)
    sameStore?.delete(indexed)
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
  all(): Iterable<IndexedSeries> {
    return this.#byKey.values()
  }
}
