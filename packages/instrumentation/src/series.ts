import type { CounterCell, GaugeCell } from './cell.ts'
import type { MetricDefinition } from './definition.ts'
import type { HistogramCell } from './histogram.ts'
import type { Labels } from './labels.ts'

export type Cell = CounterCell | GaugeCell | HistogramCell

/** One metric with one set of labels. */
export interface Series {
  readonly labels: Labels
  readonly cell: Cell
  /** Unix time in milliseconds from which the cell counts. */
  readonly startMs: number
}

/** One metric and all its series. */
export interface Family {
  readonly definition: MetricDefinition
  readonly series: ReadonlyMap<string, Series>
}
