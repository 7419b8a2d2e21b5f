import type { Labels } from '@wombat/instrumentation'

/** One number of a series, as any place that keeps metrics shows it. */
export interface Sample {
  readonly name: string
  readonly labels: Labels
  readonly value: number
}
