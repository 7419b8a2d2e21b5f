import type { Counter } from './counter.ts'
import type { Gauge } from './gauge.ts'
import type { Histogram } from './histogram.ts'
import type { Labels } from './labels.ts'
import type { MetricDefinition } from './semconv.ts'

/** The object that holds the values of one series. A summary is held by a histogram. */
export type Instrument = Counter | Gauge | Histogram

/** One metric with one set of labels. */
export interface Series {
  readonly labels: Labels
  readonly instrument: Instrument
  /**
   * When it was created: `performance.timeOrigin + performance.now()`, in milliseconds. Unlike Unix time it does not change when the
   * system clock is set.
   */
  readonly startMs: number
}

/** One metric with all its series, by `seriesKey` of their labels. */
export interface MetricFamily {
  readonly definition: MetricDefinition
  readonly series: ReadonlyMap<string, Series>
}
