import type { Labels } from '@wombat/instrumentation'
import type { RangeSamples, WindowSummary } from './indicators.ts'
import type { HistorySeries, Sample } from './series.ts'

/** A sample older than this is no longer the current value of its series, as in Prometheus (`--query.lookback-delta`). */
export const lookbackMs = 5 * 60_000

/** Past samples of all series: appended once per interval, read by queries, alert rules and health checks. */
export interface History {
  /**
   * Appends the samples of one point in time. A series without a sample has ended. If the time is before that of the last samples,
   * the clock was set back: all of them are moved to before this time.
   */
  append(timeMs: number, samples: Iterable<Sample>): void
  /** Returns the series of a metric that have all of these labels. */
  select(name: string, matchers?: Labels): HistorySeries[]
  /**
   * Returns the samples of a series after `fromMs` and until `toMs`. Where they are not kept one by one, each step is one sample: of
   * a gauge the average, at the middle of the step; of a counter the last.
   */
  range(series: HistorySeries, fromMs: number, toMs: number): RangeSamples
  /**
   * Returns what the samples of a series after `fromMs` and until `toMs` amount to; undefined without any. It is exact where it
   * contains whole steps; at an edge inside a step, the samples of the step are taken as evenly spaced, and a counter as growing
   * evenly.
   */
  window(series: HistorySeries, fromMs: number, toMs: number): WindowSummary | undefined
  /**
   * Returns the value of a series at `timeMs`: its newest sample of the last five minutes; undefined if it has ended by then. Where
   * samples are not kept one by one, it is the last sample of the step before.
   */
  at(series: HistorySeries, timeMs: number): number | undefined
}

/** A history whose series can be listed. */
export interface SearchableHistory extends History {
  /** Returns the names of all series. */
  names(): string[]
  /** Returns the values that the label `store` has, sorted. */
  stores(): string[]
  /** Returns the series whose label `store` has this value, and that have not ended. */
  currentSeries(store: string): Iterable<HistorySeries>
  /**
   * Returns how many samples, or steps of samples, a read of one series looks at after `fromMs` and until `toMs`, at least 1: for a series
   * that has all of them. It is known without a read.
   */
  countSamples(fromMs: number, toMs: number): number
}
