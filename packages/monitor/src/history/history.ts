import type { Labels } from '@wombat/instrumentation'
import type { RangeSamples } from './indicators.ts'
import type { HistorySeries, Sample } from './series.ts'

/** What a downsampled step keeps of a gauge: its last, smallest and largest value, and the sum and count of its samples. */
export const statistics = ['last', 'min', 'max', 'sum', 'count'] as const
/** A value that a downsampled step keeps of a gauge. */
export type Statistic = (typeof statistics)[number]

/** A sample older than this is no longer the current value of its series, as in Prometheus (`--query.lookback-delta`). */
export const lookbackMs = 5 * 60_000

/** Past samples of all series: appended once per interval, read by queries, alert rules and health checks. */
export interface History {
  /** Appends the samples of one point in time, later than all before. A series without a sample has ended. */
  append(timeMs: number, samples: readonly Sample[]): void
  /** Returns the series of a metric that have all of these labels. */
  select(name: string, matchers?: Labels): HistorySeries[]
  /**
   * Returns the samples of a series after `fromMs` and until `toMs`, in the finest resolution that reaches back to `fromMs`. In
   * downsampled steps, counter resets are already compensated: the values only grow.
   */
  range(series: HistorySeries, fromMs: number, toMs: number, statistic?: Statistic): RangeSamples
  /** Returns the value of a series at `timeMs`: its newest sample of the last five minutes; undefined if it has ended by then. */
  at(series: HistorySeries, timeMs: number): number | undefined
}
