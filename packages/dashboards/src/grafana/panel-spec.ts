import type { PanelLink } from './links.ts'
import type { Query } from './query.ts'

/** One query of a panel. */
export interface PanelSeries {
  /** Legend format, with labels as `{{store}}`; in a table, the column title. */
  readonly legend: string
  readonly query: Query
  /** Unit of a table column (default: the query's). */
  readonly unit?: string
  /** Default alert rules for a table column; they color its cells. */
  readonly rules?: readonly string[]
  /** Whether a table column contains health statuses. */
  readonly isHealth?: boolean
}

/** Columns of Grafana's grid: the widths of the panels on one line add up to it. */
export const gridWidth = 24

/** One panel as data. */
export interface PanelSpec {
  readonly title: string
  /** Grafana's panel type (default `timeseries`). */
  readonly kind?: 'timeseries' | 'stat' | 'statetimeline' | 'table'
  /** Width in columns of Grafana's grid: the widths of the panels on one line add up to 24. */
  readonly width: number
  readonly series: readonly PanelSeries[]
  /** Default: the first query's. */
  readonly unit?: string
  /** Added to the description before the metrics' descriptions. */
  readonly note?: string
  /** What an engine needs to report these metrics; shown in the description and in the no-value text. */
  readonly requirement?: string
  /** Default alert rules on these metrics: the panel shows their thresholds and its description names them. */
  readonly rules?: readonly string[]
  /** Whether the value is a count that should be 0: it is red from 1. */
  readonly isErrorCount?: boolean
  readonly links?: readonly PanelLink[]
  readonly isStacked?: boolean
  /** Limits the resolution of an expensive query (default: one point per pixel). */
  readonly maxDataPoints?: number
  readonly canBeNegative?: boolean
  /** Text without data (default: names the engines that report the metrics). */
  readonly noValue?: string
  /** Labels that become the first columns of a table, in order, with their titles. */
  readonly labelColumns?: Readonly<Record<string, string>>
  readonly sortBy?: { readonly column: string; readonly isDescending: boolean }
}

/** A dashboard row. */
export interface RowSpec {
  readonly title: string
  /** Repeats the row for each selected store. */
  readonly repeat?: 'store'
  readonly panels: readonly PanelSpec[]
}
