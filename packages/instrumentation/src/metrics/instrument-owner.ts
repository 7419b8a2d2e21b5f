/** The reasons for which an instrument rejects a value: the values of the label `reason`. */
export const rejectReasons = ['negative', 'not_finite', 'undeclared', 'wrong_kind', 'labels'] as const

/**
 * Why a value was rejected: it is `negative` or `not_finite`, its metric is `undeclared` or of the `wrong_kind`, or its
 * `labels` do not fit the metric.
 */
export type RejectReason = (typeof rejectReasons)[number]

/** What an instrument needs from its registry. */
export interface InstrumentOwner {
  /** While false, instruments record nothing. */
  readonly enabled: boolean
  /** Counts and logs a rejected value. Never throws. */
  reject(metric: string, reason: RejectReason, got: unknown): void
  /** Counts a value that could not be read, and logs it once for each source. Never throws. */
  recordSourceFailure(source: string, error: unknown): void
}
