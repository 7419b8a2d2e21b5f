import type { Exemplar, Histogram, Labels, Series } from '@wombat/instrumentation'
import { seriesKey, storeOf } from '@wombat/instrumentation/internal'
import { toOwnName } from '../collection/prometheus-metrics.ts'
import type { LabelMatchers } from './series-query.ts'

/** About two megabytes. */
const maxKept = 10_000
/** A bucket that fills quickly keeps one so often that all buckets together reach back this far. */
const reachMs = 3_600_000
const minDistanceMs = 5000

/** An exemplar with the histogram that it belongs to, under its name and labels in Prometheus. */
export interface KeptExemplar extends Exemplar {
  readonly metric: string
  readonly labels: Labels
  /** The upper bound of its bucket; Infinity for the last one. */
  readonly le: number
}

/** The exemplars of the recent samples of the history: a histogram itself has only the last one of each bucket. */
export class ExemplarHistory {
  /** In the order in which they were kept. */
  #kept: KeptExemplar[] = []
  /** The time of the newest one of each bucket, by store and histogram. */
  readonly #timesByStore = new Map<string, Map<string, Map<number, number>>>()
  #bucketCount = 0

  /** Keeps the new exemplars of a histogram. */
  add(metric: string, { labels, instrument }: Series): void {
    if (!('exemplars' in instrument) || instrument.exemplars.length === 0) return
    this.#add(toOwnName(metric), labels, instrument)
    if (this.#kept.length > maxKept) this.#kept.splice(0, this.#kept.length - maxKept)
  }

  /** Releases the times of a store that was forgotten. Its exemplars stay as long as others. */
  forget(store: string): void {
    const kept = this.#timesByStore.get(store)
    if (kept === undefined) return
    this.#timesByStore.delete(store)
    for (const times of kept.values()) this.#bucketCount -= times.size
  }

  /** Returns the exemplars of some metrics whose labels match, after `fromMs` and until `toMs`, the newest `limit` of them. */
  find(metrics: readonly string[], where: LabelMatchers, fromMs: number, toMs: number, limit: number): KeptExemplar[] {
    return this.#kept
      .filter(
        ({ metric, labels, timeMs }) =>
          timeMs > fromMs &&
          timeMs <= toMs &&
          metrics.includes(metric) &&
          [...where].every(([name, values]) => values.has(labels[name] ?? '')),
      )
      .sort((one, other) => one.timeMs - other.timeMs)
      .slice(-limit)
  }

  #add(metric: string, labels: Labels, { exemplars, buckets }: Histogram): void {
    const key = `${metric} ${seriesKey(labels)}`
    const store = storeOf(labels) ?? ''
    const timesOfStore = this.#timesByStore.get(store) ?? new Map<string, Map<number, number>>()
    this.#timesByStore.set(store, timesOfStore)
    const times = timesOfStore.get(key) ?? new Map<number, number>()
    timesOfStore.set(key, times)
    const distanceMs = Math.max(minDistanceMs, (this.#bucketCount * reachMs) / maxKept)
    for (const exemplar of exemplars) {
      const le = buckets.bounds.find((bound) => exemplar.value <= bound) ?? Number.POSITIVE_INFINITY
      const lastMs = times.get(le)
      // The clock may have been set back.
      if (lastMs === undefined) this.#bucketCount++
      else if (Math.abs(exemplar.timeMs - lastMs) < distanceMs) continue
      times.set(le, exemplar.timeMs)
      this.#kept.push({ ...exemplar, metric, labels, le })
    }
  }
}
