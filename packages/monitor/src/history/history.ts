import type { Labels } from '@wombat/instrumentation'
import type { Samples } from './indicators.ts'
import type { HistorySeries, Sample } from './series.ts'

/** What a coarse step says of a gauge: where it ended, and how it went in between. */
export const statistics = ['last', 'min', 'max', 'sum', 'count'] as const
export type Statistic = (typeof statistics)[number]

/** Prometheus' own: a sample older than this is no value any more. */
export const lookbackMs = 5 * 60_000

/** The past of all series: written once per interval, read by indicators. */
export interface History {
  /** The series as they are at this moment, later than every one before. A series that is left out has ended there. */
  append(timeMs: number, samples: readonly Sample[]): void
  /** The series of this name that have these labels. */
  select(name: string, matchers?: Labels): HistorySeries[]
  /**
   * What a series was after `fromMs` and until `toMs`, from the finest steps that reach back so far. In coarse steps a
   * counter's restarts are added up, so that it only grows.
   */
  range(series: HistorySeries, fromMs: number, toMs: number, statistic?: Statistic): Samples
  /** What a series was at `timeMs`: its newest sample within five minutes; undefined where it had ended by then. */
  at(series: HistorySeries, timeMs: number): number | undefined
}
