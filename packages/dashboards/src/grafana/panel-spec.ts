import type { DataLink } from './links.ts'
import type { Query } from './query.ts'

/** One query of a panel, and what it is called: in a legend with labels, `{{store}}`, in a table the column's title. */
export interface PanelSeries {
  readonly legend: string
  readonly query: Query
  /** Of a table's column, where it is not the query's. */
  readonly unit?: string
  /** Default rules that judge a table's column: its colours are their thresholds. */
  readonly rules?: readonly string[]
  /** A table's column of health states. */
  readonly isHealth?: boolean
}

/** One panel as data. */
export interface PanelSpec {
  readonly title: string
  /** Default: lines. */
  readonly kind?: 'timeseries' | 'stat' | 'statetimeline' | 'table'
  /** Of the 24 columns of Grafana's grid. */
  readonly width: number
  readonly series: readonly PanelSeries[]
  /** Default: the first query's. */
  readonly unit?: string
  /** What the catalogue's sentences, which follow, do not say. */
  readonly note?: string
  /** What an engine that says this needs for it: told in the description, and where the panel is empty. */
  readonly needs?: string
  /** Default rules that judge what is shown: their thresholds are drawn, and the description names them. */
  readonly rules?: readonly string[]
  /** A count that is 0 while all is well. */
  readonly isBadAboveZero?: boolean
  readonly links?: readonly DataLink[]
  readonly isStacked?: boolean
  /** How many points a line has at most (default: as many as the screen): a dear query is asked for no more than say something. */
  readonly points?: number
  readonly canBeNegative?: boolean
  /** What is said while there is nothing to show, where that is good news. */
  readonly noValue?: string
  /** Columns of a table that are labels, in order, with their titles. */
  readonly labels?: Readonly<Record<string, string>>
  readonly sortedBy?: { readonly column: string; readonly isDescending: boolean }
}

/** Panels under a title; with `repeat`, once for each store that is chosen. */
export interface RowSpec {
  readonly title: string
  readonly repeat?: 'store'
  readonly panels: readonly PanelSpec[]
}
