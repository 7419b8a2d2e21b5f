import type { Histogram, MetricDefinition, MetricFamily, MetricsRegistry, Series } from '@wombat/instrumentation'
import { isExported } from '@wombat/instrumentation/internal'
import { KeptSeries } from '../collection/kept-series.ts'
import { toOwnName } from '../collection/prometheus-metrics.ts'
import type { PausableWork } from '../time/time-slices.ts'
import { createHistogramSeries, type HistorySeries } from './series.ts'

/** Takes the samples of a registry, one by one. */
export interface SampleTaker {
  add(series: HistorySeries, value: number): void
  /** Called for each histogram, with the number of its values. */
  onHistogram?(metric: string, series: Series, count: number): void
}

/** The series of the history that a series of a registry has: one for a counter or gauge, several for a histogram. */
interface SampledSeries {
  readonly series: Series
  readonly own: readonly HistorySeries[]
}

/** Series that are read without a pause: some ten microseconds. */
const batchLength = 16

/**
 * Reads the values of a registry as samples of the history: without a copy of the registry, and without an object for each sample. The
 * values are those of the moment at which they are read.
 */
export class RegistrySamples {
  readonly #kept = new KeptSeries(keep)
  #cumulative = new Float64Array(64)

  /** Passes every sample to the taker, with pauses in between. Returns the number of series of the registry that have a value. */
  read(registry: MetricsRegistry, taker: SampleTaker): PausableWork<number> {
    return this.#read(registry, taker)
  }

  *#read(registry: MetricsRegistry, taker: SampleTaker): PausableWork<number> {
    // Wombat's names are recorded even if they are not exported: rules and health checks read them.
    const semconv = registry.semconv === 'wombat' ? 'wombat' : 'both'
    let points = 0
    let inBatch = 0
    for (const family of registry.families()) {
      const { definition } = family
      if (!isExported(definition.name, semconv)) continue
      for (const kept of this.#kept.of(family)) {
        if (this.#readOne(definition, kept, taker)) points++
        if (++inBatch < batchLength) continue
        inBatch = 0
        yield
      }
    }
    return points
  }

  #readOne({ name }: MetricDefinition, { series, own }: SampledSeries, taker: SampleTaker): boolean {
    const { instrument } = series
    if (!('value' in instrument)) {
      this.#readHistogram(name, instrument, series, own, taker)
      return true
    }
    const { value } = instrument
    if (value === undefined) return false
    taker.add(own[0] as HistorySeries, value)
    return true
  }

  #readHistogram(name: string, histogram: Histogram, series: Series, own: readonly HistorySeries[], taker: SampleTaker): void {
    const buckets = own.length - 2
    if (buckets > this.#cumulative.length) this.#cumulative = new Float64Array(2 * buckets)
    const sum = histogram.readBuckets(this.#cumulative)
    for (let bucket = 0; bucket < buckets; bucket++) taker.add(own[bucket] as HistorySeries, this.#cumulative[bucket] as number)
    const count = this.#cumulative[buckets - 1] as number
    taker.add(own[buckets] as HistorySeries, sum)
    taker.add(own[buckets + 1] as HistorySeries, count)
    taker.onHistogram?.(name, series, count)
  }
}

function keep(series: Series, { definition: { name, kind } }: MetricFamily): SampledSeries {
  const { labels, instrument } = series
  const metric = toOwnName(name)
  const own =
    'value' in instrument
      ? [{ name: metric, labels, isCounter: kind === 'counter' }]
      : createHistogramSeries(metric, labels, instrument.buckets.bounds)
  return { series, own }
}
