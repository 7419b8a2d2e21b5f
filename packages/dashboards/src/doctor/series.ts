import type { Labels } from '@wombat/instrumentation'

/** One sample of a series, as a backend returns it. */
export interface Sample {
  readonly name: string
  readonly labels: Labels
  readonly value: number
}

/** A series that a backend should have, and how to recognize it if it was renamed. */
export interface ExpectedSeries {
  readonly name: string
  readonly labels: Labels
  /** `undefined` if the value changes all the time: any value is right. */
  readonly value: number | undefined
  /** Part of the name that prefixes and suffixes leave unchanged. */
  readonly stem: string
  /** Ending of the name (`_count`), if several series share the stem. */
  readonly ending: string
  /** Whether the value alone identifies the series. */
  readonly hasUniqueValue: boolean
}
