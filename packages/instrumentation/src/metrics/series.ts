import type { Counter } from './counter.ts'
import type { Gauge } from './gauge.ts'
import type { Histogram } from './histogram.ts'
import type { Labels } from './labels.ts'
import type { MetricDefinition } from './semconv.ts'

export type Instrument = Counter | Gauge | Histogram

/** One metric with one set of labels. */
export interface Series {
  readonly labels: Labels
  readonly instrument: Instrument
  /** Unix time in milliseconds from which the cell counts. */
  readonly startMs: number
}

/** One metric and all its series. */
export interface MetricFamily {
  readonly definition: MetricDefinition
  readonly series: ReadonlyMap<string, Series>
}
