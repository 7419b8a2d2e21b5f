import type { Exemplar, Histogram, Labels } from '@wombat/instrumentation'

/** A metric as it is named on a page. The same object on every page: writers keep what they have written for it. */
export interface PageFamily {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** By UCUM, for example `s`. */
  readonly unit: string
}

/** A series of a metric, with what writers keep of it. The same object on every page, if it is one of a registry. */
export interface PageSeries {
  readonly labels: Labels
  /** The texts before its numbers. */
  text: SeriesText | undefined
  /** The labels in protobuf, each character one byte: an array takes 100 bytes more, and time of the garbage collector. */
  encodedLabels: string | undefined
}

/** The texts of a series before its numbers: see `createSeriesText`. */
export interface SeriesText {
  /** Before the value of a counter or a gauge. */
  readonly value: string
  readonly count: string
  readonly sum: string
  /** Before the bound of a bucket. */
  readonly bucket: string
  /** Before the time at which counting started. */
  readonly created: string
}

/** The value of a histogram. */
export interface PageHistogram {
  /** The upper bounds of the explicit buckets, ascending. */
  readonly bounds: readonly number[]
  /** For each bound how many values are at most as large, then the count of all. Valid until the next histogram is written. */
  readonly cumulative: Float64Array
  readonly sum: number
  /** By ascending value. */
  readonly exemplars: readonly Exemplar[]
  /** The histogram with its fine buckets; undefined if there are only explicit ones. */
  readonly source: Histogram | undefined
}

/** Writes a page in one format. A metric is written as a whole, its series in any order. */
export interface PageWriter {
  /** Writes the resource. Called first. */
  writeTargetInfo(labels: Labels): void
  /** Begins a metric. It is on the page only if it has a series. */
  beginFamily(family: PageFamily): void
  /** @param createdMs when counting started, in Unix milliseconds. */
  writeNumber(series: PageSeries, value: number, createdMs: number): void
  /** @param createdMs when counting started, in Unix milliseconds. */
  writeHistogram(series: PageSeries, histogram: PageHistogram, createdMs: number): void
  /** Ends a metric. */
  endFamily(): void
  /** Writes what is at the end of a page. */
  end(): void
  /** Returns what was written since the last call, if it can be sent already. */
  take(): Uint8Array
  /** About how many bytes `take` returns now. */
  readonly length: number
}

/** Returns the name of a metric in OpenMetrics: that of a counter does not have `_total`. */
export function openMetricsName({ name, type }: PageFamily): string {
  return type === 'counter' ? name.replace(/_total$/, '') : name
}
